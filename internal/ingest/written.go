package ingest

import (
	"taskrecon/internal/base"
	"taskrecon/internal/task"
)

// Written is the texts of a row's cells as the user wrote them. Those that show what the base holds, which ask for nothing, hold it again.
func (in *Input) Written(d *task.Desired) []string {
	texts := d.Cells()
	for i := range texts {
		if own, turned := in.written[d.CellAt(i)]; turned {
			texts[i] = own
		}
		switch m := in.header.at(i); {
		case d.Base == nil:
		case m.base:
			texts[i] = in.baseID
		case m.property != nil && m.pair == "" && texts[i] == "":
			if v, known := d.Base.Get(m.property); known {
				texts[i], _ = base.Show(m.property, v, false)
			}
		}
	}
	return texts
}

// Takes reports whether a text in a column, counted from 1, would be understood, were it a cell of text.
func (in *Input) Takes(column int, text string) bool {
	m := in.header.at(column - 1)
	if blank(text) {
		return !m.id
	}
	_, err := understand(m, text, in.format)
	return err == nil
}

// Understand is the value that a text in a column of p is read as.
func Understand(p *task.Property, text string, f task.Format) (task.Value, error) {
	return understand(match{property: p}, text, f)
}

// understand is the value that a text in a column is read as; null where the column is of no property that is sent.
func understand(m match, text string, f task.Format) (task.Value, error) {
	text, err := newBuilder(&Input{}, Options{Format: f}).cellText(cell{text: text}, m, 1, 1)
	if err != nil || m.id || !m.text() || m.pair != "" {
		return task.Null, err
	}
	return m.property.ParseCell(text, f)
}
