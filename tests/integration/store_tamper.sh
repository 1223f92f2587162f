#!/usr/bin/env bash
# What somebody with the sqlite3 tool can do to a store, `hean ledger verify` finds, and says where.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean
"$build/tests/store_crash_test" make "$work/store.db" 0 100 || exit 1
"$hean" ledger backup "$work/good.db" --store "$work/store.db" >/dev/null || exit 1

drop=$(sqlite3 "$work/good.db" "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'")
create=$(sqlite3 "$work/good.db" "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'")

# finds NAME PATTERN SQL: the change is made in a copy, without triggers, which are put back.
finds() {
  cp "$work/good.db" "$work/bad.db"
  if ! sqlite3 -bail "$work/bad.db" "BEGIN; $drop $3; $create COMMIT;" >"$work/err" 2>&1; then
    failures=$((failures + 1))
    echo "FAILED: $1: $(cat "$work/err")"
    return
  fi
  expect "$1" 4 "$2" "$hean" ledger verify --store "$work/bad.db"
}

cp "$work/good.db" "$work/bad.db"
sqlite3 "$work/bad.db" "BEGIN; $drop $create COMMIT;"
expect "triggers that are put back as they were are no change" 0 "100 entries" \
  "$hean" ledger verify --store "$work/bad.db"

# ---- every column of every table, changed in a row of the middle ----
declare -A middle=([entry]="sequence = 50" [entry_id]="sequence = 50" [account]="id = 10" [head]="one = 1"
  [balance]="(account, day, kind) = (SELECT account, day, kind FROM balance ORDER BY 1, 2, 3 LIMIT 1 OFFSET 30)")
for table in entry entry_id account balance head; do
  while IFS='|' read -r _ column type _; do
    case $type in
    INTEGER) value="$column + 1000000" ;; # far from any other row's key
    TEXT) value="$column || 'x'" ;;
    BLOB) value="CAST(zeroblob(31) || x'01' AS BLOB)" ;;
    esac
    [ "$table.$column" = head.one ] && continue # its CHECK takes no other
    finds "$table.$column is changed" "$table" "UPDATE $table SET $column = $value WHERE ${middle[$table]}"
  done < <(sqlite3 "$work/good.db" "PRAGMA table_info($table)")
done

# ---- rows that go ----
finds "an entry is deleted" "entry 40 is missing" "DELETE FROM entry WHERE sequence = 40"
finds "an entry is deleted with its id" "entry 40 is missing" \
  "DELETE FROM entry WHERE sequence = 40; DELETE FROM entry_id WHERE sequence = 40"
finds "an id is deleted" "entry_id: entry 40" "DELETE FROM entry_id WHERE sequence = 40"
finds "a balance is deleted" "balance: 1 rows are missing" \
  "DELETE FROM balance WHERE (account, day, kind) IN (SELECT account, day, kind FROM balance LIMIT 1 OFFSET 30)"
finds "an account is deleted" "account 5 is missing" "DELETE FROM account WHERE id = 5"
finds "the head is deleted" "head" "DELETE FROM head"
finds "all entries are deleted" "head: 100 entries were posted, 0 are there" "DELETE FROM entry"
finds "the end is cut off" "head: 100 entries were posted, 90 are there" \
  "DELETE FROM entry WHERE sequence > 90; DELETE FROM entry_id WHERE sequence > 90"
finds "the end is cut off and the head moved back" "entry_id|balance|account" \
  "DELETE FROM entry WHERE sequence > 90; UPDATE head SET entries = 90, hash = (SELECT hash FROM entry WHERE sequence = 90)"
finds "the end is cut off, the head moved back, ids too" "balance|account" \
  "DELETE FROM entry WHERE sequence > 90; DELETE FROM entry_id WHERE sequence > 90; UPDATE head SET entries = 90, hash = (SELECT hash FROM entry WHERE sequence = 90)"

# ---- rows that come ----
fields="account, time_ns, kind, amount_e8"
finds "an entry is put at the end" "entry 101" \
  "INSERT INTO entry (sequence, $fields, id, basis, hash) SELECT 101, $fields, 'new', basis, hash FROM entry WHERE sequence = 100"
finds "an entry is put before the first" "entry 1 is missing" \
  "INSERT INTO entry (sequence, $fields, id, basis, hash) SELECT 0, $fields, 'new', basis, hash FROM entry WHERE sequence = 1"
finds "an entry is put in between" "entry 51" \
  "UPDATE entry SET sequence = -sequence WHERE sequence > 50; UPDATE entry SET sequence = 1 - sequence WHERE sequence < 0;
   INSERT INTO entry (sequence, $fields, id, basis, hash) SELECT 51, $fields, 'new', basis, hash FROM entry WHERE sequence = 50"
finds "an id is put there" "entry_id: key 1 " "INSERT INTO entry_id VALUES (1, 50)"
finds "an id is put after another" "entry_id: key [0-9]+ \\(entry 50\\)|entry_id: an entry is there twice" \
  "INSERT INTO entry_id SELECT key + 1, sequence FROM entry_id WHERE sequence = 50"
finds "a balance is put there" "balance: account 1, day 1, kind 0 has no entries" \
  "INSERT INTO balance VALUES (1, 1, 0, 1, 0, 1, 0, 1, 1)"
finds "an account is put there" "account [0-9]+" \
  "INSERT INTO account SELECT max(id) + 1, 0, 0, '', '', '', '', 'X', zeroblob(32) FROM account"

# ---- rows that change places ----
swap() { echo "UPDATE entry SET sequence = -1 WHERE sequence = $1; UPDATE entry SET sequence = $1 WHERE sequence = $2; UPDATE entry SET sequence = $2 WHERE sequence = -1"; }
finds "two entries change places" "entry 30 " "$(swap 30 31)"
finds "two entries far apart change places" "entry 2 " "$(swap 2 99)"
finds "two entries change contents" "entry 30 " \
  "UPDATE entry SET (id, account, time_ns, kind, amount_e8, basis) = (SELECT id, account, time_ns, kind, amount_e8, basis FROM entry e WHERE e.sequence = 61 - entry.sequence) WHERE sequence IN (30, 31)"
finds "two ids change places" "entry_id: entry 10 " \
  "UPDATE entry_id SET sequence = 30 - sequence WHERE sequence IN (10, 20)"

# ---- tables, triggers, indexes ----
changed() { # changed NAME PATTERN SQL: as it stands, without anything put back
  cp "$work/good.db" "$work/bad.db"
  sqlite3 -bail "$work/bad.db" "$3" >"$work/err" 2>&1 || { failures=$((failures + 1)); echo "FAILED: $1: $(cat "$work/err")"; }
  expect "$1" "${4:-4}" "$2" "$hean" ledger verify --store "$work/bad.db"
}
changed "a trigger is missing" "the trigger entry_never_DELETE is missing" "DROP TRIGGER entry_never_DELETE"
changed "a trigger does nothing" "the trigger entry_never_DELETE was changed" \
  "DROP TRIGGER entry_never_DELETE; CREATE TRIGGER entry_never_DELETE BEFORE DELETE ON entry BEGIN SELECT 1; END"
changed "a trigger too many" "the trigger extra does not belong" \
  "CREATE TRIGGER extra AFTER INSERT ON entry BEGIN SELECT 1; END"
changed "a table too many" "the table mine does not belong" "CREATE TABLE mine (x)"
changed "an index is missing" "the index account_names is missing" "DROP INDEX account_names"
changed "a column too many" "the table entry was changed" "ALTER TABLE entry ADD COLUMN x INTEGER"
changed "the entries are a view" "table entry|no such column|damaged|trigger" \
  "ALTER TABLE entry RENAME TO hidden; CREATE VIEW entry AS SELECT * FROM hidden"
changed "another application's file" "not a HEAN store" "PRAGMA application_id = 7" 1
changed "a version from the future" "schema 1000" "PRAGMA user_version = 1000" 1

done_testing
