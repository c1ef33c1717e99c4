package ingest

import (
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// The most cells that the caches of one column, and of all, hold.
const (
	mostOfColumn = 1 << 13
	mostCached   = 1 << 17
)

// valueCache holds what cells of one column were understood as, by their text: most columns hold few texts, many times each. Rows
// share these cells. Only what depends on nothing but the cell is put in, so no errors and no cells with a remark.
type valueCache struct {
	known        map[cacheKey]*task.Cell
	hits, misses int
}

type cacheKey struct {
	text   string
	kind   xlsx.Kind
	format xlsx.Format
}

// get returns nil for what is not known. A column in which hardly anything comes twice is given up.
func (k *valueCache) get(c *cell) *task.Cell {
	if k.misses > mostOfColumn && k.misses > k.hits {
		return nil
	}
	known := k.known[cacheKey{c.text, c.kind, c.format}]
	if known != nil {
		k.hits++
	} else {
		k.misses++
	}
	return known
}

// put adds a cell, if there is room, and returns how many it added.
func (k *valueCache) put(c cell, meant *task.Cell) int {
	if k.known == nil {
		k.known = map[cacheKey]*task.Cell{}
	}
	before := len(k.known)
	if before < mostOfColumn {
		k.known[cacheKey{c.text, c.kind, c.format}] = meant
	}
	return len(k.known) - before
}
