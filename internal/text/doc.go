// Package text makes text from elsewhere safe to show: on one line of a terminal, at a bounded length, and with its number's noun.
//
// A message of the service, a cell of a sheet or a name of a task may hold line ends, escape sequences and text that runs from right
// to left. Whatever prints such text in one line takes it through Line first, so that it cannot forge a line of output, and through
// Clip where room is short. Text that goes into JSON or a workbook is not changed here: those formats have escapes of their own.
//
//	fmt.Fprintln(stderr, text.Clip(text.Line(refusal.Message), 200))
package text
