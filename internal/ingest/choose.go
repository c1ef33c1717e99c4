package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/base"
	"taskrecon/internal/xlsx"
)

// ProblemsSheet is the name of the list of problems that comes before the sheet in a marked copy. It is never the input.
const ProblemsSheet = "taskrecon problems"

// chooseSheet finds the worksheet by name, or the first visible one.
func chooseSheet(book *xlsx.Book, name string) (*xlsx.Sheet, error) {
	var names []string
	for i := range book.Sheets {
		s := &book.Sheets[i]
		switch named := strings.EqualFold(s.Name, name); {
		case name != "" && named && !s.Worksheet:
			return nil, fmt.Errorf("sheet %q is a chart or dialog, not a worksheet", s.Name)
		case !s.Worksheet || s.Name == ProblemsSheet:
			continue
		case named || name == "" && !s.Hidden:
			return s, nil
		}
		names = append(names, fmt.Sprintf("%q", clip(s.Name)))
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("has no worksheet")
	case name == "":
		return nil, fmt.Errorf("has no visible worksheet; name one of its sheets: %s", list(names))
	}
	return nil, fmt.Errorf("has no worksheet %q; it has %s", name, list(names))
}

// mostPeeked is how many other sheets are looked into for a header.
const mostPeeked = 50

// elsewhere finds the other sheets that have a header of tasks.
func elsewhere(book *xlsx.Book, read *xlsx.Sheet) (found []*xlsx.Sheet) {
	for i := range book.Sheets[:min(len(book.Sheets), mostPeeked)] {
		if s := &book.Sheets[i]; s != read && s.Worksheet && s.Name != base.Name && hasHeader(book, s) {
			found = append(found, s)
		}
	}
	return found
}

var errFound = errors.New("found")

// hasHeader reports whether a row near the top of a sheet names the id and a property that can be set.
func hasHeader(book *xlsx.Book, s *xlsx.Sheet) bool {
	rows, err := book.Rows(s)
	if err != nil {
		return false
	}
	_, err = eachRow(rows, func(rec record) error {
		id, asks := false, false
		for _, c := range rec.cells {
			m := matchHeader(c.text)
			id, asks = id || m.id, asks || m.wishes()
		}
		switch {
		case id && asks:
			return errFound
		case rec.row > headerWithin:
			return errors.New("none")
		}
		return nil
	})
	return errors.Is(err, errFound)
}

func namesOf(sheets []*xlsx.Sheet) string {
	names := make([]string, len(sheets))
	for i, s := range sheets {
		names[i] = fmt.Sprintf("%q", clip(s.Name))
	}
	return list(names)
}

// elsewhereHint names the sheets that have what the one read lacks.
func (b *builder) elsewhereHint() string {
	if len(b.elsewhere) == 0 {
		return ""
	}
	return fmt.Sprintf("; there is a header with id in %s: say --sheet %q", namesOf(b.elsewhere), b.elsewhere[0].Name)
}

// noticeElsewhere names the visible sheets of tasks that are not read, where no sheet was asked for.
func (b *builder) noticeElsewhere() {
	visible := slices.DeleteFunc(b.elsewhere, func(s *xlsx.Sheet) bool { return s.Hidden })
	if len(visible) > 0 && !b.sheetNamed {
		b.notice(fmt.Sprintf("of the sheets with tasks only %q is read, and not %s; say --sheet %q to read that", b.in.Sheet, namesOf(visible), visible[0].Name))
	}
}
