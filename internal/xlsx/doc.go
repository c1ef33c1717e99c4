// Package xlsx is the one reader of workbooks. It knows files, sheets, rows and cells, and nothing of tasks.
//
// A workbook is opened from its bytes. Open checks it as a whole and reads what all sheets share; Rows then reads one
// sheet, row by row:
//
//	book, err := xlsx.Open(data)
//	rows, err := book.Rows(&book.Sheets[0])
//	defer rows.Close()
//	for {
//		row, err := rows.Next()
//		if err == io.EOF {
//			break // the sheet was whole
//		}
//		...
//	}
//
// Data flows from the zip (zip.go, on archive/zip) through XML tokens (token.go) and elements (markup.go) to cells (rows.go).
// What always holds:
//
//   - A file that was cut, or in which something is doubled, contradicts itself or can be read in two ways, is an error and never
//     a shorter sheet. Until Next has returned io.EOF nothing of a sheet is certain.
//   - What says nothing about the content does not count: time stamps, the case of part names, where parts lie, prefixes.
//   - Memory and time are bounded by the limits of each file, whatever the workbook holds.
//   - Errors read on from a file's name ("is damaged: sheet \"Tasks\": cell C4: ...") and say what to do.
//
// Encrypted workbooks go through Decrypt first.
package xlsx
