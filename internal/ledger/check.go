package ledger

import (
	"bufio"
	"io"
	"runtime"
	"sync"
)

// checkedLine is a line of which all is known that it says by itself: whether it is as it was written, and what the index needs
// of a change or a result.
type checkedLine struct {
	line  []byte // without its newline; not to be kept
	whole string // its hash
	ok    bool   // it is as it was written, by its own sum
	envelope
	err     error // of the envelope
	change  indexedChange
	result  indexedResult
	bodyErr error // of change or result
}

// A block is full with so many lines, or bytes: enough to keep the processors busy, too few to be seen in memory.
const (
	linesPerBlock = 256
	bytesPerBlock = 128 << 10
)

// block is some lines that follow each other.
type block struct {
	text  []byte
	ends  []int // of the lines in text, behind their newlines
	lines []checkedLine
	done  chan struct{}
}

// checkedLines calls take with each whole line in its order, and returns what stands behind the last newline. Reading,
// checking and taking go on at the same time; of what is read, no more is in memory than a few blocks.
func checkedLines(from io.Reader, take func(*checkedLine) error) (tail []byte, err error) {
	workers := min(runtime.GOMAXPROCS(0), 8)
	work, inOrder, stop := make(chan *block), make(chan *block, 2*workers), make(chan struct{})
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		defer close(inOrder)
		defer close(work)
		tail, failed = readBlocks(from, func(b *block) bool {
			select {
			case inOrder <- b: // there is room for it before it is checked, so that neither waits for the other
			case <-stop:
				return false
			}
			select {
			case work <- b:
				return true
			case <-stop:
				return false
			}
		})
	})
	for range workers {
		all.Go(func() {
			d := newLineDecoder()
			for b := range work {
				b.check(d)
			}
		})
	}
	err = takeBlocks(inOrder, take)
	close(stop)
	all.Wait()
	if err == nil {
		err = failed
	}
	return tail, err
}

func takeBlocks(inOrder <-chan *block, take func(*checkedLine) error) error {
	for b := range inOrder {
		<-b.done
		for i := range b.lines {
			if err := take(&b.lines[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// readBlocks cuts what it reads into blocks until give says no, and returns what stands behind the last newline.
func readBlocks(from io.Reader, give func(*block) bool) (tail []byte, err error) {
	in := bufio.NewReaderSize(from, 256<<10)
	for b := newBlock(0); ; {
		start := len(b.text)
		if b.text, err = appendLine(b.text, in); err != nil {
			if len(b.ends) > 0 && !give(b) {
				return nil, nil
			}
			if err == io.EOF {
				return b.text[start:], nil
			}
			return nil, err
		}
		if b.ends = append(b.ends, len(b.text)); len(b.ends) == linesPerBlock || len(b.text) >= bytesPerBlock {
			if !give(b) {
				return nil, nil
			}
			b = newBlock(len(b.text))
		}
	}
}

func newBlock(size int) *block {
	return &block{text: make([]byte, 0, size), ends: make([]int, 0, linesPerBlock), done: make(chan struct{})}
}

// appendLine adds the next line with its newline, or without one what there is, and the error that ended it.
func appendLine(text []byte, in *bufio.Reader) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		if err != bufio.ErrBufferFull {
			return text, err
		}
	}
}

// check looks at each line by itself.
func (b *block) check(d *lineDecoder) {
	defer close(b.done)
	b.lines = make([]checkedLine, len(b.ends))
	start := 0
	for i, end := range b.ends {
		l := &b.lines[i]
		l.line = b.text[start : end-1 : end-1]
		start = end
		if l.whole, l.ok = check(l.line); !l.ok {
			continue
		}
		if l.envelope, l.err = envelopeOf(l.line); l.err != nil {
			continue
		}
		switch l.Kind {
		case kindChange:
			l.change, l.bodyErr = d.indexedChange(l.line)
		case kindResult:
			l.result, l.bodyErr = d.indexedResult(l.line)
		}
	}
}
