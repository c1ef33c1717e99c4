package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"taskrecon/internal/task"
)

// Look is what reading one task by its id showed.
type Look struct {
	Task *task.Task // of any type; nil where there is none, or where Err says why that is not known
	Err  error
}

// looksInFlight is how many tasks are read at the same time.
const looksInFlight = 5

// Tasks reads tasks by their ids, each with a GET of its own, so that a transport which refuses every write lets it pass, and returns
// a Look for each in the same order. What fails for a passing reason is asked for again as pages of a list are; ids count from 1 for
// again, which may be nil and is called from one goroutine at a time. The error is one by which no look can be had.
func (c *Client) Tasks(ctx context.Context, ids []string, again Again) ([]Look, error) {
	looks := make([]Look, len(ids))
	var reads errgroup.Group
	reads.SetLimit(looksInFlight) // as many as envelopes that are in flight; the service throttles the tenant
	var one sync.Mutex
	for i, id := range ids {
		reads.Go(func() error {
			err := patiently(ctx, func(at time.Time, why error) {
				one.Lock()
				defer one.Unlock()
				again.on(i+1)(at, why)
			}, func() error {
				looks[i] = c.look(ctx, id)
				return looks[i].Err
			})
			if errors.Is(err, ErrSignIn) || ctx.Err() != nil {
				return err
			}
			return nil // what one task lacks is in its look
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, fmt.Errorf("reading the tenant's tasks by their ids: %w", err)
	}
	return looks, nil
}

// look reads one task.
func (c *Client) look(ctx context.Context, id string) Look {
	a, err := c.call(ctx, http.MethodGet, c.versionRoot()+TaskURL(id), NewRequestID(), nil)
	if err != nil {
		return Look{Err: err}
	}
	in := &Answer{Status: a.status, Body: a.body, Withheld: bytes.Equal(a.body, withheldJSON)}
	switch {
	case a.status == http.StatusNotFound && !in.Withheld:
		return Look{}
	case a.status != http.StatusOK:
		return Look{Err: a.err()}
	}
	t, err := in.Task(id)
	return Look{t, err}
}

// patiently calls try until it succeeds, fails for a reason that does not pass by itself, or has failed listAttempts times. It
// waits between the calls, and says so before.
func patiently(ctx context.Context, again func(time.Time, error), try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		wait, passing := retryWait(err, attempt)
		if !passing || attempt == listAttempts || ctx.Err() != nil {
			return err
		}
		again(time.Now().Add(wait), err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// asked is the wait that a refusal asks for; negative where it does not say.
func asked(err error) time.Duration {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.RetryAfter
	}
	return -1
}

// retryWait says whether reading again may help, and after how long.
func retryWait(err error, attempt int) (time.Duration, bool) {
	if Busy(err) || errors.Is(err, ErrConnection) || errors.Is(err, ErrNotSent) {
		return Pause(asked(err), attempt), true
	}
	return 0, false
}
