// Package report makes one model of a run from its ledger, for people who were not there and for programs. It decides nothing: every
// word and figure is taken from the ledger, and the same ledger gives the same report.
//
// New makes the model. Its Each gives the rows in the order of the input, each with what the ledger says of it in the words that all
// forms of a report share; when it has returned, the figures are known, and with them the verdict, what needs attention, and the facts:
//
//	run := report.New(past)
//	err := run.Each(func(row report.Row) error {
//		fmt.Println(row.Row, row.Shown, row.Why())
//		return nil
//	})
//	words, good := run.Verdict()
//
// The forms print the model. WriteJSON and WriteCSV are here; package workbook makes the workbook, package page the HTML page. Package
// render chooses among them by a file's name, and package verify compares a workbook with its ledger again. None of them is imported
// from here.
//
// What always holds:
//
//   - Every row of the input has one outcome, in every form the same, and the counts of outcomes add up to the rows.
//   - Memory does not grow with the rows.
//   - Text from data is text: never a formula, never HTML, and what would hide or turn the text around it is shown as an escape.
package report
