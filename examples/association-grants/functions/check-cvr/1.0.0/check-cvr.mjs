const weights = [2, 7, 6, 5, 4, 3, 2, 1]

/** The record as it is, where its CVR number can be one. */
export default function checkCvr(record) {
  const sum = weights.reduce((total, weight, index) => total + weight * Number(record.cvr[index]), 0)
  return sum % 11 === 0 ? record : { error: `${record.cvr} is not a CVR number: its check digit is wrong.` }
}
