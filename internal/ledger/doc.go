// Package ledger is the append-only, hash-chained record of a run, from which everything later is
// derived: the report, the resumption of a run that was cut short, its undoing.
//
// A ledger is a file of JSON lines. The first is the run header, then a line for each change of the
// plan, then "sending" before an envelope leaves, "part" as the first of a change's two writes is applied, and "result" as each
// change settles, then "end". A run
// that is resumed goes on in the same file, behind a second "run" line that says who resumed it and when;
// what is between two such marks is a leg of the run.
//
// Two hashes guard each line. Its last member, "sum", is the SHA-256 of the line up to the comma before
// that member, so that a line that was altered gives itself away. "prev" is the SHA-256 of the whole line
// before, without its newline ("" in the first), so that no line can be taken out, put in or moved. The
// header holds the hash of the plan. What the file alone cannot show is that whole lines are missing at its
// end: that looks like a run cut short, as after a kill. The header's number of rows tells it of the
// plan's lines; of those behind them only a copy of Reader.Final kept elsewhere does, as a report keeps it.
//
//	past, err := ledger.Open("runs/20261124T020000Z-1a2b3c/ledger.jsonl")
//	...
//	err = past.Each(func(e ledger.Entry) error { fmt.Println(e.Row, e.Outcome); return nil })
package ledger
