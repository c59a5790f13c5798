import { headerOptions } from './columns.ts'
import type { Format } from './format.ts'
import { readExcel } from './excel-read.ts'
import { excelWriter } from './excel-write.ts'

/**
 * Excel workbooks (Office Open XML, ECMA-376). Read as what they are, a zip of XML, with the zip and XML readers that
 * are here anyway: so a sheet of any length passes in little memory, and bombs are met by the same bounds.
 */
export const excel: Format = {
  name: 'excel',
  about: 'A sheet of an Excel workbook (.xlsx): every row is a record.',
  extensions: ['xlsx'],
  mediaTypes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  placeUnit: 'row',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      sheet: { type: 'string', minLength: 1, description: 'Its name. Default: the first.' },
      ...headerOptions,
      skipRows: {
        type: 'integer',
        minimum: 0,
        maximum: 1000,
        default: 0,
        description: 'Rows before the header.',
      },
    },
  },
  readFile: (file, options, limits, signal) =>
    readExcel(
      file,
      {
        sheet: options.sheet as string | undefined,
        header: (options.header as boolean | undefined) ?? true,
        names: options.names as string[] | undefined,
        skipRows: (options.skipRows as number | undefined) ?? 0,
      },
      limits,
      signal,
    ),
  fileWriter: (options, write) =>
    excelWriter(
      (options.sheet as string | undefined) ?? 'Sheet1',
      options.names as string[] | undefined,
      write,
    ),
}
