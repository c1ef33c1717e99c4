package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/task"
)

const collection = "/beta/deviceAppManagement/deviceAppManagementTasks"

func (c *call) context(suffix string) string {
	return encode(c.origin + "/beta/$metadata#deviceAppManagement/deviceAppManagementTasks" + suffix)
}

// list answers one page. Query options other than the page token are refused: the service documents none.
func (s *Server) list(c *call, d Decision) answer {
	for name := range c.query {
		if name != "$skiptoken" {
			return c.badRequest(badf("The query option '%s' is not supported by this collection.", name))
		}
	}
	start := 0
	if c.query.Has("$skiptoken") {
		var err error
		if start, err = readToken(c.query.Get("$skiptoken")); err != nil || start > len(s.index) {
			return c.badRequest(badf("Skip token is not valid."))
		}
	}
	tasks, next := s.page(start, d)
	body := make([]byte, 0, 1024*len(tasks)+512)
	body = append(body, `{"@odata.context":`+c.context("")...)
	if next >= 0 {
		origin := c.origin
		if d.Page == PageForeign {
			origin = foreign
		}
		link := origin + collection + "?$skiptoken=" + url.QueryEscape(pageToken(next))
		if d.Echo == EchoNext {
			link += echoMark
		}
		body = append(body, `,"@odata.nextLink":`+encode(link)...)
	}
	body = append(body, `,"value":[`...)
	open := len(body)
	for _, r := range tasks {
		l := s.listed(c, r)
		r = r.asOf(time.Now().Add(-l.Lag))
		if l.Omit || r.body == nil {
			continue
		}
		if len(body) > open {
			body = append(body, ',')
		}
		body = append(body, c.echo(r.shown(l), l)...)
	}
	return jsonAnswer(http.StatusOK, append(body, "]}"...))
}

// listed decides about one task of a page, and has it edited.
func (s *Server) listed(c *call, r *record) Decision {
	if !s.perTask {
		return Decision{}
	}
	o := c.occasion(false)
	o.Kind, o.ID, o.Body = KindListed, r.id, r.body
	d := s.decide(o)
	s.editAs(r.id, d.EditAfter)
	return d
}

// page is the tasks of the page that starts at a task, and where the following one starts, or -1 for none.
func (s *Server) page(start int, d Decision) (tasks []*record, next int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Page == PageEmpty {
		return nil, start
	}
	t := time.Now().Add(-d.Lag)
	for next = start; next < len(s.tasks) && len(tasks) < s.opt.PageSize; next++ {
		if r := s.tasks[next].asOf(t); r.body != nil {
			tasks = append(tasks, r)
		}
	}
	last := next == len(s.tasks)
	switch {
	case d.Page == PageLoops:
		return tasks, start
	case d.Page == PageForeign, d.Echo == EchoNext:
		return tasks, next
	case d.Page == PageRepeats && last && len(tasks) > 0:
		tasks = append(tasks, tasks[len(tasks)-1])
	case d.Page == PageRepeats && !last:
		return tasks, next - 1
	}
	if last {
		return tasks, -1
	}
	return tasks, next
}

const tokenMark = "tasks/"

func pageToken(start int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenMark + strconv.Itoa(start)))
}

func readToken(token string) (start int, err error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	digits, ok := strings.CutPrefix(string(text), tokenMark)
	if !ok {
		return 0, fmt.Errorf("%q is no page token", token)
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), err
}

// get answers one task.
func (s *Server) get(c *call, d Decision) answer {
	i, ok := s.index[c.key]
	if !ok {
		return c.notFound()
	}
	s.mu.Lock()
	r := s.tasks[i].asOf(time.Now().Add(-d.Lag))
	s.mu.Unlock()
	if r.body == nil {
		return c.notFound()
	}
	return c.whole(r.shown(d))
}

// whole answers with all of a task.
func (c *call) whole(body []byte) answer {
	context := c.context("/$entity")
	all := make([]byte, 0, len(context)+len(body)+32)
	all = append(append(append(all, `{"@odata.context":`...), context...), ',')
	return jsonAnswer(http.StatusOK, append(all, body[1:]...))
}

// shown is the body of a task as an answer holds it.
func (r *record) shown(d Decision) []byte {
	if d.Echo != EchoTask {
		return r.body
	}
	marked, err := r.with([]member{{task.Description.Name, json.RawMessage(encode(echoMark))}})
	if err != nil {
		return r.body // the task is no JSON object, which New refuses
	}
	return marked.body
}
