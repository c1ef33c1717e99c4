package cli

import (
	"errors"
	"io"
	"runtime"
	"syscall"
)

// output is stdout. It remembers the first write that failed and drops what comes after it, so that those who print need not
// look, and the run goes on as if somebody read it.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(b []byte) (int, error) {
	if o.err == nil {
		_, o.err = o.to.Write(b)
	}
	return len(b), nil
}

// failure is why what was printed is not all there; nil where the reader closed the pipe.
func (o *output) failure() error {
	if closedPipe(o.err) {
		return nil
	}
	return o.err
}

func closedPipe(err error) bool {
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // Windows's two ways to say EPIPE
	if runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, noData)) {
		return true
	}
	return errors.Is(err, syscall.EPIPE)
}

// remembered puts an output before stdout, where none is yet.
func (p *program) remembered() *output {
	o, ok := p.stdout.(*output)
	if !ok {
		o = &output{to: p.stdout}
		p.stdout = o
	}
	return o
}
