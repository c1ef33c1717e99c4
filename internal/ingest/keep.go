package ingest

import "strings"

const (
	mostSlab  = 4096
	textBlock = 64 << 10 // bytes
)

// texts copies what is kept of a file into blocks: a text that was cut from a row would keep the whole row
// alive, and one that has memory of its own costs more to allocate than to copy. The zero value is ready.
type texts struct {
	block strings.Builder
	size  int // of the next block, so that a small file takes little
}

func (t *texts) keep(s string) string {
	if len(s) > textBlock/8 {
		return strings.Clone(s)
	}
	start := t.room(len(s))
	t.block.WriteString(s)
	return t.block.String()[start:]
}

func (t *texts) keepBytes(s []byte) string {
	if len(s) > textBlock/8 {
		return string(s)
	}
	start := t.room(len(s))
	t.block.Write(s)
	return t.block.String()[start:]
}

// room makes sure that n bytes fit into the block, and says where they begin.
func (t *texts) room(n int) int {
	if t.block.Cap()-t.block.Len() < n {
		t.size = min(max(2*t.size, 1<<10, n), textBlock)
		t.block = strings.Builder{}
		t.block.Grow(t.size)
	}
	return t.block.Len()
}

// slab cuts short slices from long ones; none can grow into its neighbour. The zero value is ready.
type slab[T any] struct {
	rest []T
	size int
}

func (s *slab[T]) take(n int) []T {
	if n > len(s.rest) {
		s.size = min(max(2*s.size, 64), mostSlab)
		s.rest = make([]T, max(n, s.size))
	}
	out := s.rest[:n:n]
	s.rest = s.rest[n:]
	return out
}
