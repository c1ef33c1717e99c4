package ingest

import "taskrecon/internal/task"

const (
	mostMeanings = 1 << 17 // remembered in all columns together
	longMeaning  = 256     // bytes of a text that is remembered
	fruitless    = 1 << 13 // misses after which a column must have shown that its texts repeat
)

// meaning is what a cell that could be understood says in its column.
type meaning struct {
	text  string // for the row's cells
	value task.Value
	wish  bool // value is a wish
}

// memo is what the cells of one column said: most columns hold few texts, many times each. It holds
// only what depends on nothing but the cell, so errors and cells with a remark are not in it.
type memo struct {
	known        map[string]*remembered
	hits, misses int
	off          bool
}

type remembered struct {
	meaning
	kind   cellKind
	format numberFormat
}

// recall finds what a cell said the last time, or nil.
func (m *memo) recall(c *cell) *meaning {
	if m.off {
		return nil
	}
	var r *remembered
	if c.raw != nil {
		r = m.known[string(c.raw)]
	} else {
		r = m.known[c.text]
	}
	if r == nil || r.kind != c.kind || r.format != c.format {
		m.misses++
		return nil
	}
	m.hits++
	return &r.meaning
}

// remember takes note of what a cell says, if there is room and the column's texts repeat. It returns by
// how much more is remembered.
func (m *memo) remember(c cell, got meaning, room bool) int {
	before := len(m.known)
	switch {
	case m.off:
	case m.misses > fruitless && m.hits < m.misses:
		m.off, m.known = true, nil
	case room && len(c.text) <= longMeaning:
		if m.known == nil {
			m.known = map[string]*remembered{}
		}
		m.known[c.text] = &remembered{got, c.kind, c.format}
	}
	return len(m.known) - before
}
