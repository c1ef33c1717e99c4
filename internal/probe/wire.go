package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// How a change is waited for.
const (
	between = 250 * time.Millisecond // reads
	inARow  = 3                      // reads that show a change before it is believed to stay: reads may come out of order
	sends   = 5                      // of a request that the service refuses for now
)

var errNotSeen = errors.New("no read showed it in time")

// reading is one way to read the task.
type reading func(context.Context) (*task.Task, error)

// await reads until reads show the value of a property to stay, and returns how long after since the first of these was asked for.
func (p *probe) await(ctx context.Context, property *task.Property, wanted task.Value, since time.Time, within time.Duration, read reading) (time.Duration, error) {
	var first time.Time
	shown, last := 0, error(nil)
	for time.Since(since) < within || shown > 0 {
		asked := time.Now()
		t, err := read(ctx)
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err != nil:
			last, shown = err, 0
		case !property.Equal(t.Get(property), wanted):
			last, shown = nil, 0
		default:
			if shown++; shown == 1 {
				first = asked
			}
			if shown == inARow {
				return first.Sub(since).Round(time.Millisecond), nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(between):
		}
	}
	if last != nil {
		return 0, fmt.Errorf("%s: %w", property.Name, last)
	}
	return 0, fmt.Errorf("%s: %w (%s)", property.Name, errNotSeen, within)
}

// patch makes one edit. Sent says that it may have taken effect.
func (p *probe) patch(ctx context.Context, e diff.Edit) (a *graph.Answer, sent bool, err error) {
	body, err := batch.Patch(p.task.Type, []diff.Edit{e})
	if err != nil {
		return nil, false, err
	}
	a, err = p.send(ctx, graph.Item{ID: "1", Method: http.MethodPatch, URL: graph.TaskURL(p.TaskID), Headers: map[string]string{"Content-Type": "application/json"}, Body: body})
	switch {
	case err != nil:
		var refused *graph.Error
		unsent := errors.As(err, &refused) && refused.Status < 500 || errors.Is(err, graph.ErrNotSent) || errors.Is(err, graph.ErrSignIn)
		return nil, !unsent, fmt.Errorf("setting %s: %w", e.Property.Name, err)
	case a.Status/100 != 2:
		return nil, a.Status >= 500 || a.Status == http.StatusRequestTimeout, fmt.Errorf("setting %s: %w", e.Property.Name, a.Err())
	}
	return a, true, nil
}

// send makes one request, and makes it again where the service refuses it for now.
func (p *probe) send(ctx context.Context, item graph.Item) (*graph.Answer, error) {
	for attempt := 1; ; attempt++ {
		a, err := p.try(ctx, item)
		refused := new(graph.Error)
		if err == nil && a.Status/100 != 2 {
			refused = a.Err()
		} else if !errors.As(err, &refused) {
			return a, err
		}
		if s := refused.Status; s != http.StatusTooManyRequests && s != http.StatusServiceUnavailable || attempt == sends {
			return a, err
		}
		wait := graph.Pause(refused.RetryAfter, attempt)
		p.Step(fmt.Sprintf("the service asks to wait %s", wait.Round(time.Second)))
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// try makes one request.
func (p *probe) try(ctx context.Context, item graph.Item) (*graph.Answer, error) {
	if item.Method == http.MethodPatch {
		p.found.Writes++
	}
	reply, err := p.Client.Batch(ctx, graph.NewRequestID(), []graph.Item{item})
	if err != nil {
		return nil, err
	}
	if a := reply.Match(1)[0]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("the answer is missing or doubled: %w", graph.ErrConnection)
}
