package ingest

import "taskrecon/internal/task"

const (
	mostMeanings = 1 << 17 // remembered in all columns together
	longMeaning  = 256     // bytes of a text that is remembered
	fruitless    = 1 << 13 // misses after which a column must have shown that its texts repeat
)

// memo is what the cells of one column said: most columns hold few texts, many times each. It holds
// only what depends on nothing but the cell, so errors and cells with a remark are not in it.
type memo struct {
	known        map[string]remembered
	hits, misses int
	off          bool
}

type remembered struct {
	ref    task.Ref
	kind   cellKind
	format numberFormat
}

// recall finds what a cell said the last time.
func (m *memo) recall(c *cell) (r task.Ref, ok bool) {
	if m.off {
		return 0, false
	}
	var was remembered
	if c.raw != nil {
		was, ok = m.known[string(c.raw)]
	} else {
		was, ok = m.known[c.text]
	}
	if !ok || was.kind != c.kind || was.format != c.format {
		m.misses++
		return 0, false
	}
	m.hits++
	return was.ref, true
}

// remember takes note of what a cell says, if there is room and the column's texts repeat. It returns by
// how much more is remembered.
func (m *memo) remember(c cell, r task.Ref, room bool) int {
	before := len(m.known)
	switch {
	case m.off:
	case m.misses > fruitless && m.hits < m.misses:
		m.off, m.known = true, nil
	case room && len(c.text) <= longMeaning:
		if m.known == nil {
			m.known = map[string]remembered{}
		}
		m.known[c.text] = remembered{r, c.kind, c.format}
	}
	return len(m.known) - before
}
