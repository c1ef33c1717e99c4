package ingest

import (
	"hash/maphash"

	"taskrecon/internal/task"
)

const (
	mostMeanings = 1 << 17 // remembered in the maps of all columns together
	fruitless    = 1 << 13 // misses after which these must have shown that they repeat
	mostUnproven = 1 << 18 // plain texts that a column may hold before it must have shown that they repeat
)

// memo is what the cells of one column said: most columns hold few texts, many times each. It holds
// only what depends on nothing but the cell, so errors and cells with a remark are not in it.
//
// A text that says just itself costs it a few bytes, so all of these are remembered, and none is kept twice: unless the first
// of a column are nearly all different, as names are, where to look for each would cost more than it saves.
type memo struct {
	sheet        *task.Sheet
	at           int
	plain        hashIndex
	again        int                   // times that plain found a text
	names        bool                  // plain has shown to be of no use
	known        map[string]remembered // what does not say just itself, as dates do and numbers
	hits, misses int                   // of known
	tired        bool                  // known has shown to be of no use
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
	if c.kind == cellText {
		if n, ok := m.plain.find(hashOf(c), func(n uint32) bool { return c.is(m.sheet.Text(m.at, task.Ref(n))) }); ok {
			m.again++
			return task.Ref(n), true
		}
	}
	if m.known == nil {
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

// remember takes note of what a cell says; if it does not say just itself, only if there is room and the column's texts
// repeat. It returns by how much more of these are remembered.
func (m *memo) remember(c cell, r task.Ref, room bool) int {
	before := len(m.known)
	switch {
	case m.off:
	case c.kind == cellText && r.Plain() && m.sheet.Text(m.at, r) == c.text:
		if m.names = m.names || m.plain.held == mostUnproven && m.again < mostUnproven/16; m.names {
			m.plain = hashIndex{}
			break
		}
		m.plain.add(hashOf(&c), uint32(r))
	case m.tired:
	case m.misses > fruitless && m.hits < m.misses:
		m.tired, m.known = true, nil
	case room:
		if m.known == nil {
			m.known = map[string]remembered{}
		}
		m.known[c.text] = remembered{r, c.kind, c.format}
	}
	return len(m.known) - before
}

func hashOf(c *cell) uint32 {
	if c.raw != nil {
		return uint32(maphash.Bytes(textSeed, c.raw))
	}
	return hashOfText(c.text)
}

// is reports whether the cell holds this text.
func (c *cell) is(text string) bool {
	if c.raw != nil {
		return string(c.raw) == text
	}
	return c.text == text
}
