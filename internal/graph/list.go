package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"taskrecon/internal/task"
)

// Bounds on a list and on the patience with it.
const (
	maxPages     = 100_000
	listAttempts = 6 // tries of one page
)

// ListTasks returns the tenant's tasks of every type, in the order of the list, each id once. Pages
// that fail for a passing reason are asked for again, after the wait that the service asks for.
func (c *Client) ListTasks(ctx context.Context) ([]*task.Task, error) {
	var tasks []*task.Task
	seen := make(map[string]bool)
	followed := make(map[string]bool)
	next := c.versionRoot() + TasksPath
	for next != "" {
		if followed[next] || len(followed) == maxPages {
			return nil, fmt.Errorf("the list of tasks does not end: page %d refers back or never comes to an end", len(followed))
		}
		followed[next] = true
		page, err := c.page(ctx, next)
		if err != nil {
			return nil, fmt.Errorf("listing the tenant's tasks, page %d: %w", len(followed), err)
		}
		for _, t := range page.Value {
			if key := task.Key(t.ID); !seen[key] {
				seen[key] = true
				tasks = append(tasks, t)
			}
		}
		next = page.Next
	}
	return tasks, nil
}

type page struct {
	Value []*task.Task `json:"value"`
	Next  string       `json:"@odata.nextLink"`
}

// page gets one page of the list.
func (c *Client) page(ctx context.Context, target string) (*page, error) {
	for attempt := 1; ; attempt++ {
		p, err := c.tryPage(ctx, target)
		wait, again := retryWait(err, attempt)
		if err == nil || !again || attempt == listAttempts || ctx.Err() != nil {
			return p, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (c *Client) tryPage(ctx context.Context, target string) (*page, error) {
	a, err := c.call(ctx, http.MethodGet, target, NewRequestID(), nil, maxPage)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.err()
	}
	p := new(page)
	err = json.Unmarshal(a.body, p)
	if err != nil && !json.Valid(a.body) {
		// Cut short, or some other machine's page: reading again may help, unlike below.
		return nil, fmt.Errorf("%w: HTTP %d, %s", ErrConnection, a.status, or(foreign(a.body), "an empty body"))
	}
	if err != nil {
		return nil, err
	}
	if p.Value == nil {
		// An empty list must be said, not guessed: every row of the input would be called not found.
		return nil, errors.New("the page is not a list of tasks: it has no value")
	}
	for _, t := range p.Value {
		if t == nil {
			return nil, errors.New("the page holds a null where a task belongs")
		}
	}
	return p, nil
}

// retryWait says whether reading again may help, and after how long.
func retryWait(err error, attempt int) (time.Duration, bool) {
	var refused *Error
	switch {
	case errors.As(err, &refused) && Retryable(refused.Status):
		return Pause(refused.RetryAfter, attempt), true
	case errors.Is(err, ErrConnection):
		return Pause(-1, attempt), true
	}
	return 0, false
}
