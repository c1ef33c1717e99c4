package verify

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"taskrecon/internal/xlsx"
)

// differentRow names the first cell in which two rows differ, or "". A row without cells is one behind the last.
func differentRow(a, b xlsx.Row) string {
	switch {
	case len(a.Cells) > 0 && (len(b.Cells) == 0 || a.Number < b.Number):
		b.Cells, b.Number = nil, a.Number
	case len(b.Cells) > 0 && (len(a.Cells) == 0 || b.Number < a.Number):
		a.Cells, a.Number = nil, b.Number
	}
	for i := range max(len(a.Cells), len(b.Cells)) {
		var x, y *xlsx.Cell
		if i < len(a.Cells) {
			x = &a.Cells[i]
		}
		if i < len(b.Cells) {
			y = &b.Cells[i]
		}
		if x != nil && y != nil && x.Column != y.Column {
			if x.Column < y.Column {
				y = nil
			} else {
				x = nil
			}
		}
		if words := different(x, y, a.Number); words != "" {
			return words
		}
	}
	return ""
}

// different says in what two cells of one place differ, of which one may be nil: it holds nothing.
func different(a, b *xlsx.Cell, row int) string {
	switch {
	case b == nil:
		left, _ := excerpts(valueOf(a), "")
		return fmt.Sprintf("%s: the ledger says %s, the cell is empty", xlsx.Ref(a.Column, row), describe(a, left))
	case a == nil:
		_, right := excerpts("", valueOf(b))
		return fmt.Sprintf("%s: the ledger says nothing, the cell says %s", xlsx.Ref(b.Column, row), describe(b, right))
	case a.Kind == b.Kind && a.Formula == b.Formula && (a.Text == b.Text || valueOf(a) == valueOf(b)):
		return ""
	}
	left, right := excerpts(valueOf(a), valueOf(b))
	return fmt.Sprintf("%s: the ledger says %s, the cell says %s", xlsx.Ref(a.Column, row), describe(a, left), describe(b, right))
}

// valueOf is the text of a cell, or its number with the 15 digits that a spreadsheet keeps when it saves a workbook again.
func valueOf(c *xlsx.Cell) string {
	if n, err := strconv.ParseFloat(c.Text, 64); c.Kind == xlsx.Number && err == nil {
		return strconv.FormatFloat(n, 'g', 15, 64)
	}
	return c.Text
}

// describe quotes text, and names what is no number besides.
func describe(c *xlsx.Cell, value string) string {
	switch {
	case c.Formula && value == "":
		return "a formula"
	case c.Formula:
		return "a formula of which the result is " + strconv.QuoteToGraphic(value)
	case c.Kind == xlsx.Number:
		return value
	case c.Kind == xlsx.Text:
		return strconv.QuoteToGraphic(value)
	}
	kinds := map[xlsx.Kind]string{xlsx.Bool: "b", xlsx.Error: "e", xlsx.Date: "d"}
	return fmt.Sprintf("%q as a value of type %q", value, kinds[c.Kind])
}

// excerpts are the two texts, or of long ones the part in which they begin to differ.
func excerpts(a, b string) (left, right string) {
	const lead, most = 20, 80
	if len(a) <= most && len(b) <= most {
		return a, b
	}
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	from := max(0, same-lead)
	return excerpt(a, from, most), excerpt(b, from, most)
}

func excerpt(text string, from, most int) string {
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from--
	}
	part := text[min(from, len(text)):]
	if from > 0 {
		part = "…" + part
	}
	if runes := []rune(part); len(runes) > most {
		part = string(runes[:most]) + "…"
	}
	return part
}
