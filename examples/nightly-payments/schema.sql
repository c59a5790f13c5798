create table payments (
  creditor text not null,
  due date not null,
  cvr text not null,
  name text,
  amount numeric(14, 2) not null,
  account text,
  primary key (creditor, due)
);
