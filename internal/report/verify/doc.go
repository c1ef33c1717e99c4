// Package verify compares the workbook of a run's report with the ledger.
//
//	found, err := verify.Workbook("report.xlsx", past)
//	if errors.Is(err, verify.ErrAltered) {
//		// err names the first cell that is not as it was written
//	}
//
// The workbook says in which zone its times are, and of which state of the ledger it was made. The ledger is then rendered
// again, by package workbook, and the sheets of both are read in step by package xlsx. Cells are compared by what they hold, so a workbook
// that a spreadsheet program has saved again still passes.
//
// What always holds:
//
//   - A cell that says something else than the ledger, is missing or was put in, is named.
//   - What is in the workbook but not shown is named: a sheet, a row without a filter, a column.
//   - A file that is damaged, or that programs may read in two ways, is refused. Memory and time are bounded by the limits of package xlsx.
package verify
