package cli

import (
	"bufio"
	"context"
	"io"
	"strings"

	"taskrecon/internal/screen"
)

// screen is a stream for people.
func (p *program) screen(stream io.Writer) screen.Screen {
	if o, ok := stream.(*output); ok {
		return screen.Screen{Writer: stream, Colours: screen.New(o.to, p.env["NO_COLOR"]).Colours}
	}
	return screen.New(stream, p.env["NO_COLOR"])
}

// interactive reports whether there is somebody to ask.
func (p *program) interactive() bool {
	return screen.IsTerminal(p.stdin) && screen.IsTerminal(p.stderr)
}

// lines are the lines of standard input, closed at its end.
func (p *program) lines() <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(p.stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines
}

// yes reads one line and reports whether it is "yes". The end of the input, and the end of ctx, is no.
func (p *program) yes(ctx context.Context) (bool, error) {
	p.signals.asking.Store(true)
	defer p.signals.asking.Store(false)
	select {
	case line := <-p.lines():
		return strings.EqualFold(strings.TrimSpace(line), "yes"), nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
