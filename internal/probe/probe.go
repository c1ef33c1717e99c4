package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// Config says what is probed.
type Config struct {
	Client *graph.Client // one that may write
	TaskID string
	Status bool          // try a PATCH of status too, where the task is pending or active
	Within time.Duration // for which a change is waited for
	Step   func(string)  // gets each step in words, before it is taken
}

// probe is one probe under way.
type probe struct {
	Config
	found *Profile
	task  *task.Task
	raw   map[string]json.RawMessage // the task as the service wrote it
}

// Run probes the service by one task. Beside an error the profile holds what was seen before it. The error says so where the task
// does not end as it was.
func Run(ctx context.Context, c Config) (*Profile, error) {
	p := &probe{Config: c, found: &Profile{Format: format, ProbedAt: time.Now().UTC().Truncate(time.Second), Task: c.TaskID, StatusPatch: NotTried}}
	if err := p.look(ctx); err != nil {
		return p.found, err
	}
	err := p.description(ctx)
	if err == nil && c.Status {
		err = p.status(ctx)
	}
	p.found.derive()
	return p.found, err
}

// look reads the task and the first page of the list, and notes how they are written.
func (p *probe) look(ctx context.Context) error {
	p.Step("reading task " + p.TaskID)
	page, err := p.Client.ProbeList(ctx)
	if err != nil {
		return err
	}
	p.found.Limits = page.Quota
	a, err := p.send(ctx, graph.Item{ID: "1", Method: http.MethodGet, URL: graph.TaskURL(p.TaskID)})
	if err != nil {
		return err
	}
	if a.Status == http.StatusNotFound {
		return fmt.Errorf("there is no task %q in this tenant", p.TaskID)
	}
	if p.task, err = a.Task(p.TaskID); err != nil {
		return fmt.Errorf("reading task %s: %w", p.TaskID, err)
	}
	if !p.task.Managed() {
		return fmt.Errorf("task %s is %s, which this program does not change", p.TaskID, diff.TypeName(p.task.Type))
	}
	if err := json.Unmarshal(a.Body, &p.raw); err != nil {
		return fmt.Errorf("reading task %s: %w", p.TaskID, err)
	}
	p.found.Kind = p.task.Type
	p.found.ETag = a.Header("ETag") != "" || p.raw["@odata.etag"] != nil
	p.spelling()
	return nil
}

// spelling notes how the service writes enum members and dates.
func (p *probe) spelling() {
	p.found.Enums = map[string]string{}
	for _, property := range task.All() {
		var text string
		if json.Unmarshal(p.raw[property.Name], &text) != nil || text == "" {
			continue
		}
		switch property.Kind {
		case task.Enum:
			if member, known := property.Member(text); known && member != text {
				p.found.Enums[property.Name] = text
			}
		case task.DateTime:
			p.found.DateDigits = max(p.found.DateDigits, fraction(text))
		}
	}
	p.found.EnumsAsDocumented = len(p.found.Enums) == 0
}

// fraction is how many digits the fraction of a second has in a date-time.
func fraction(text string) int {
	_, rest, _ := strings.Cut(text, ".")
	return len(rest) - len(strings.TrimLeft(rest, "0123456789"))
}

// description changes the description, measures how long reads lag behind, and takes it back.
func (p *probe) description(ctx context.Context) (err error) {
	was := p.task.Get(task.Description)
	wanted := strings.TrimLeft(was.String()+"\n(probe by taskrecon, taken back at once)", "\n")
	e := diff.Edit{Property: task.Description, Before: was, Wanted: task.Text(wanted)}
	p.change(e)
	a, sent, err := p.patch(ctx, e)
	if sent {
		defer func() { err = errors.Join(err, p.restore(ctx, e)) }()
	}
	if err != nil {
		return err
	}
	answered := time.Now()
	p.found.PatchStatus, p.found.PatchBody = a.Status, "none"
	if t, err := a.Task(p.TaskID); err == nil {
		p.found.PatchBody = "old"
		if e.Property.Equal(t.Get(e.Property), e.Wanted) {
			p.found.PatchBody = "new"
		}
	}
	p.Step("waiting until reads show it")
	var waits errgroup.Group
	for lag, read := range map[*float64]reading{&p.found.ReadLag: p.one, &p.found.ListLag: p.listed} {
		waits.Go(func() error {
			took, err := p.await(ctx, e.Property, e.Wanted, answered, p.Within, read)
			*lag = took.Seconds()
			return err
		})
	}
	return waits.Wait()
}

// status tries whether a PATCH of status takes effect, and takes it back. The step is between pending and active, neither of which ends a task.
func (p *probe) status(ctx context.Context) (err error) {
	was := task.Text(task.Status.Canonical(p.task.Get(task.Status)))
	other := map[string]string{"pending": "active", "active": "pending"}[strings.ToLower(was.String())]
	if other == "" {
		p.Step("status is " + was.String() + ", so whether a PATCH of it takes effect is not tried")
		return nil
	}
	e := diff.Edit{Property: task.Status, Before: was, Wanted: task.Text(other)}
	p.change(e)
	_, sent, err := p.patch(ctx, e)
	var refused *graph.Error
	if !sent && errors.As(err, &refused) {
		p.found.StatusPatch = Refused
		return nil
	}
	if sent {
		defer func() { err = errors.Join(err, p.restore(ctx, e)) }()
	}
	if err != nil {
		return err
	}
	p.Step("waiting until reads show it")
	lag := time.Duration(p.found.ReadLag * float64(time.Second))
	_, err = p.await(ctx, e.Property, e.Wanted, time.Now(), min(p.Within, 5*time.Second+3*lag), p.one)
	switch {
	case err == nil:
		p.found.StatusPatch = Works
	case errors.Is(err, errNotSeen):
		p.found.StatusPatch, err = Ignored, nil
	}
	return err
}

// change announces an edit, and what to do where the probe is killed before it takes it back.
func (p *probe) change(e diff.Edit) {
	p.Step(fmt.Sprintf("setting %s to %s (if this is killed, set it back to %s)", e.Property.Name, e.Property.Quoted(e.Wanted), e.Property.Quoted(e.Before)))
}

// restore takes an edit back, also where ctx has ended, unless somebody else has changed the property meanwhile.
func (p *probe) restore(ctx context.Context, e diff.Edit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*p.Within)
	defer cancel()
	back := diff.Edit{Property: e.Property, Before: e.Wanted, Wanted: e.Before}
	left := func(err error) error {
		return fmt.Errorf("%s of task %s may still be %s: set it back to %s: %w", e.Property.Name, p.TaskID, e.Property.Quoted(e.Wanted), e.Property.Quoted(e.Before), err)
	}
	t, err := p.one(ctx)
	if err == nil {
		if v := t.Get(e.Property); !e.Property.Equal(v, e.Before) && !e.Property.Equal(v, e.Wanted) {
			return fmt.Errorf("%s of task %s was changed by somebody else to %s, which is left; it was %s", e.Property.Name, p.TaskID, e.Property.Quoted(v), e.Property.Quoted(e.Before))
		}
	}
	p.Step("taking " + e.Property.Name + " back")
	if _, _, err := p.patch(ctx, back); err != nil {
		return left(err)
	}
	if _, err := p.await(ctx, e.Property, e.Before, time.Now(), p.Within, p.one); err != nil {
		return left(err)
	}
	return nil
}

// one reads the task.
func (p *probe) one(ctx context.Context) (*task.Task, error) {
	looks, err := p.Client.Tasks(ctx, []string{p.TaskID}, nil)
	if err == nil {
		err = looks[0].Err
	}
	if err == nil && looks[0].Task == nil {
		err = errors.New("the task is gone")
	}
	if err != nil {
		return nil, err
	}
	return looks[0].Task, nil
}

// listed reads the task from the tenant's list.
func (p *probe) listed(ctx context.Context) (*task.Task, error) {
	tasks, err := p.Client.ListTasks(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if task.Key(t.ID) == task.Key(p.TaskID) {
			return t, nil
		}
	}
	return nil, errors.New("the list does not have the task")
}
