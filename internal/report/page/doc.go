// Package page makes the HTML page of a run's report: one file that asks for nothing from anywhere.
//
//	err := page.Write(out, past, report.Options{})
//
// Its style and script are in it, and its Content-Security-Policy allows these two alone. The rows are data for the script, in
// an inert element; verdict, chart, facts and the first rows that need attention show without it. The model (package report) is gone over
// twice: once for the figures, which come first, and once for the rows.
//
// Text from data is never HTML: the template escapes it, and the script makes text nodes of it.
package page
