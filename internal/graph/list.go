package graph

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"taskrecon/internal/task"
)

// Bounds on a list and on the patience with it.
const (
	maxPages     = 100_000
	maxTasks     = 5_000_000
	listAttempts = 6 // tries of one page
	listBegins   = 3 // times that a list is begun
)

// Again learns, before the wait, that a page of the list failed for a passing reason and when it is asked for again.
// Pages count from 1. It is called from the goroutine that lists.
type Again func(page int, at time.Time, why error)

// on is again for one page; it may be nil.
func (again Again) on(page int) func(time.Time, error) {
	return func(at time.Time, why error) {
		if again != nil {
			again(page, at, why)
		}
	}
}

// ListTasks returns the tenant's tasks of every type, in the order of the list, each id once. Pages
// that fail for a passing reason are asked for again, after the wait that the service asks for; again may be nil. Where the service
// does not know a further page any more, the list begins again.
func (c *Client) ListTasks(ctx context.Context, again Again) ([]*task.Task, error) {
	for begun := 1; ; begun++ {
		tasks, err := c.list(ctx, again)
		if !errors.Is(err, errPageGone) || begun == listBegins || ctx.Err() != nil {
			return tasks, err
		}
		again.on(1)(time.Now(), err)
	}
}

// errPageGone marks a page that the page before referred to and that the service refuses to know.
var errPageGone = errors.New("the service does not know this page any more")

// list reads the list once from its beginning.
func (c *Client) list(ctx context.Context, again Again) ([]*task.Task, error) {
	var tasks []*task.Task
	seen := make(map[string]struct{})
	followed := make(map[string]bool)
	next := c.versionRoot() + TasksPath
	for next != "" {
		if followed[next] || len(followed) == maxPages {
			return nil, fmt.Errorf("the list of tasks does not end: page %d refers back or never comes to an end", len(followed))
		}
		followed[next] = true
		page, err := c.page(ctx, next, again.on(len(followed)))
		var refused *Error
		if len(followed) > 1 && errors.As(err, &refused) && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusGone) {
			err = fmt.Errorf("%w: %w", errPageGone, err)
		}
		if err != nil {
			return nil, fmt.Errorf("listing the tenant's tasks, page %d: %w", len(followed), err)
		}
		if tasks = unseen(tasks, page.Value, seen); len(tasks) > maxTasks {
			return nil, fmt.Errorf("the list of tasks is longer than %d: page %d is not read on", maxTasks, len(followed))
		}
		next = page.Next
	}
	return tasks, nil
}

// unseen appends to tasks those of more whose ids have not been seen.
func unseen(tasks, more []*task.Task, seen map[string]struct{}) []*task.Task {
	for _, t := range more {
		key := task.Key(t.ID)
		if _, again := seen[key]; !again {
			seen[key] = struct{}{}
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// page gets one page of the list.
func (c *Client) page(ctx context.Context, target string, again func(time.Time, error)) (p *page, err error) {
	err = patiently(ctx, again, func() error {
		body, err := c.tryPage(ctx, target)
		if err == nil {
			p, err = readPage(body)
		}
		return err
	})
	return p, err
}

// tryPage asks once for the JSON of a page.
func (c *Client) tryPage(ctx context.Context, target string) ([]byte, error) {
	a, err := c.call(ctx, http.MethodGet, target, NewRequestID(), nil)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.err()
	}
	return a.body, nil
}

// page is one page of the list.
type page struct {
	Value []*task.Task `json:"value"`
	Next  string       `json:"@odata.nextLink"`
}

// asEncodingJSON takes what encoding/json takes, and of a task that cannot be understood its id: that is for the row that means it.
var asEncodingJSON = json.JoinOptions(
	json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, t *task.Task) error {
		err := t.UnmarshalJSONFrom(dec)
		var broken *jsontext.SyntacticError
		if err == nil || errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		*t = *task.Unknown(t.ID, err)
		return nil
	})),
)

// readPage reads the body of a page that came with HTTP 200.
func readPage(body []byte) (*page, error) {
	p := new(page)
	err := json.Unmarshal(body, p, asEncodingJSON)
	switch {
	case err == nil && p.Next != task.Withheld:
	case bytes.Contains(body, []byte(task.Withheld)):
		return nil, fmt.Errorf("HTTP %d, %s", http.StatusOK, task.Withheld)
	case !jsontext.Value(body).IsValid(asEncodingJSON):
		// Cut short, or some other machine's page: reading again may help, unlike below.
		return nil, fmt.Errorf("%w: HTTP %d, %s", ErrConnection, http.StatusOK, cmp.Or(foreign(body), "an empty body"))
	default:
		return nil, fmt.Errorf("the page is not a list of tasks: %w", err)
	}
	if p.Value == nil {
		// An empty list must be said, not guessed: every row of the input would be called not found.
		return nil, errors.New("the page is not a list of tasks: it has no value")
	}
	for i, t := range p.Value {
		if t == nil {
			p.Value[i] = task.Unknown("", errors.New("it is null"))
		}
	}
	return p, nil
}
