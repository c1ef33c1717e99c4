package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"taskrecon/internal/task"
)

// Look is what reading one task by its id showed.
type Look struct {
	Task *task.Task // of any type; nil where there is none, or where Err says why that is not known
	Err  error
}

// Tasks reads tasks by their ids, MaxItems in one call, and returns a Look for each in the same order. What fails for a passing
// reason is asked for again as pages of a list are; calls count as the pages for again, which may be nil. The error is that of a
// whole call, after which no more is asked for.
func (c *Client) Tasks(ctx context.Context, ids []string, again Again) ([]Look, error) {
	looks := make([]Look, len(ids))
	for from := 0; from < len(ids); from += MaxItems {
		to, call := min(from+MaxItems, len(ids)), from/MaxItems+1
		if err := c.look(ctx, ids[from:to], looks[from:to], again.on(call)); err != nil {
			return nil, fmt.Errorf("reading the tenant's tasks by their ids, call %d: %w", call, err)
		}
	}
	return looks, nil
}

// look fills the looks at tasks with these ids, at most MaxItems.
func (c *Client) look(ctx context.Context, ids []string, looks []Look, again func(time.Time, error)) error {
	items := make([]Item, len(ids))
	for i, id := range ids {
		items[i] = Item{ID: strconv.Itoa(i + 1), Method: http.MethodGet, URL: TaskURL(id)}
	}
	var whole error // of the last call
	err := patiently(ctx, again, func() error {
		var reply *Reply
		if reply, whole = c.Batch(ctx, NewRequestID(), items); whole != nil {
			return whole
		}
		var worst error
		answers := reply.Match(len(ids))
		items = slices.DeleteFunc(items, func(item Item) bool {
			i, _ := strconv.Atoi(item.ID)
			l := lookAt(answers[i-1], ids[i-1])
			looks[i-1] = l
			_, passing := retryWait(l.Err, 1)
			if passing && (worst == nil || asked(l.Err) > asked(worst)) {
				worst = l.Err
			}
			return !passing
		})
		return worst
	})
	if whole == nil && ctx.Err() == nil {
		return nil // what single items lack is in their looks
	}
	return err
}

// lookAt reads the answer to a GET of the task with this id; nil is none.
func lookAt(a *Answer, id string) Look {
	switch {
	case a == nil:
		return Look{Err: fmt.Errorf("%w: the answer to this item was missing, doubled or unreadable", ErrConnection)}
	case a.Status == http.StatusNotFound:
		return Look{}
	}
	t, err := a.Task(id)
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
