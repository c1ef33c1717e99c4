// Package workbook makes the workbook of a run's report: a Summary with a chart, a row for each row of the input, for each edit, for each
// row that did not come out as wanted, for each task that no row names, and for each fact of the run.
//
//	err := workbook.Write(out, past, report.Options{})
//
// Rows go as they come from the model (package report) to the table of their sheet, which makes cells of them, and through a queue to an
// excelize.StreamWriter; a table goes on on another sheet where one is full. The Summary is written last, since it says what the rows
// add up to. xlsx.Write packs it all.
//
// What always holds:
//
//   - A cell's text is the text of the ledger. What a cell cannot hold is escaped or cut, marked, and said on the Summary; on Failures,
//     which is fed back, such a cell is blank.
//   - No text is a formula, whatever it begins with.
//   - Failures has the columns of the input, and a base in a hidden sheet, so that it can be fed back as it is.
//   - Memory does not grow with the rows.
//
// A new column of Results is added to the headers and values in package report, at the end, to resultColumns in sheets.go, and to
// the later columns of package verify, so that earlier reports still pass.
package workbook
