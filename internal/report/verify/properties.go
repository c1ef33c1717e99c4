package verify

import (
	"fmt"
	"strconv"
	"strings"

	"taskrecon/internal/xlsx"
)

// compareProperties names the first of the document's properties that says something else. One that is not there, or is empty, passes:
// some programs leave them out when they save. So does one that is not ours. LibreOffice words the keywords in its own way, and every
// program the times and its own name, so these are not compared.
func compareProperties(want, got *xlsx.Book, path string) error {
	mine, err := want.Properties()
	if err != nil {
		return fmt.Errorf("rendering the ledger again: %w", err)
	}
	theirs, err := got.Properties()
	if err != nil {
		return damaged(path, err)
	}
	for _, m := range mine {
		for _, p := range theirs {
			a, b := words(m.Text), words(p.Text)
			if m.Custom != p.Custom || !strings.EqualFold(m.Name, p.Name) || b == "" || a == b {
				continue
			}
			left, right := excerpts(a, b)
			return alteredError(fmt.Sprintf("%s: the document property %q: the ledger says %s, the report says %s",
				path, m.Name, strconv.QuoteToGraphic(left), strconv.QuoteToGraphic(right)))
		}
	}
	return nil
}

// words is a text without what programs may change when they save: white space.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }
