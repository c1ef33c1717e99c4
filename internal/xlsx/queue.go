package xlsx

import "github.com/xuri/excelize/v2"

// Queue writes rows to their streams in the background: formatting them takes longer than reading what they are made of.
type Queue struct {
	rows chan queued
	done chan error
}

type queued struct {
	stream *excelize.StreamWriter
	number int
	cells  []any
	opts   excelize.RowOpts
}

// NewQueue begins to write. The caller closes it.
func NewQueue() *Queue {
	q := &Queue{rows: make(chan queued, 256), done: make(chan error, 1)}
	go func() {
		var err error
		for r := range q.rows {
			if err == nil {
				err = r.stream.SetRow(Ref(1, r.number), r.cells, r.opts)
			}
		}
		q.done <- err
	}()
	return q
}

// Add queues a row, whose cells it keeps.
func (q *Queue) Add(stream *excelize.StreamWriter, number int, cells []any, opts excelize.RowOpts) {
	q.rows <- queued{stream, number, cells, opts}
}

// Close waits for the rows to be written, and returns the first error. Nothing may be added after it.
func (q *Queue) Close() error {
	close(q.rows)
	return <-q.done
}
