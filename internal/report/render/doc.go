// Package render writes the report of a run to a file, in the format that the file's name says: .xlsx, .html, .json or .csv.
//
//	if err := render.Supported(path); err != nil {
//		return err // before the run starts
//	}
//	...
//	err := render.Write(path, past, report.Options{Zone: zone})
//
// The forms themselves are made by the packages workbook and page, and by report. Of looks at a file from the other side: whether it is a
// report of a certain run, so that a run that goes on replaces its own and no other.
//
// A file appears whole or not at all, and replaces none unless that is asked for.
package render
