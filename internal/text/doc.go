// Package text makes texts from data safe to show, and words numbers. Every package may import it; it knows nothing of tasks.
//
//	fmt.Fprintln(w, text.Line(name), text.Plural(n, "row"))
//
// Line is for terminals: what would break the line or change what is around it becomes a visible escape. EscapeXML, EscapeBidi and
// Formula are the same for documents and spreadsheets, one purpose each, so that a form can say what it did to a text. Clip bounds a
// length.
//
// What always holds: a text without anything dangerous in it is returned as it is; from any other text nothing is left out,
// but for what Clip cuts off behind its ellipsis.
package text
