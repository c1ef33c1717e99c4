package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const collection = "/beta/deviceAppManagement/deviceAppManagementTasks"

func (c *call) context(suffix string) string {
	return encode(c.origin + "/beta/$metadata#deviceAppManagement/deviceAppManagementTasks" + suffix)
}

// list answers one page; s.mu is held. Query options other than the page token are refused: the
// service documents none.
func (s *Server) list(c *call) answer {
	for name := range c.query {
		if name != "$skiptoken" {
			return c.badRequest(badf("The query option '%s' is not supported by this collection.", name))
		}
	}
	start := 0
	if c.query.Has("$skiptoken") {
		var err error
		if start, err = readToken(c.query.Get("$skiptoken")); err != nil || start > len(s.tasks) {
			return c.badRequest(badf("Skip token is not valid."))
		}
	}
	s.stats.Lists++
	p := s.page(start, s.listFault())
	body := make([]byte, 0, 1024*len(p.tasks)+512)
	body = append(body, `{"@odata.context":`+c.context("")...)
	if p.next >= 0 {
		origin := c.origin
		if p.foreign {
			origin = s.opt.Foreign
		}
		link := origin + collection + "?$skiptoken=" + url.QueryEscape(pageToken(p.next))
		body = append(body, `,"@odata.nextLink":`+encode(link)...)
	}
	body = append(body, `,"value":[`...)
	for i, r := range p.tasks {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, r.body...)
	}
	s.editListed(p.tasks)
	return jsonAnswer(http.StatusOK, append(body, "]}"...))
}

// page is a part of the list; next is where the following one starts, or -1 for none.
type page struct {
	tasks   []*record
	next    int
	foreign bool
}

func (s *Server) page(start int, fault string) page {
	end := min(start+s.opt.PageSize, len(s.tasks))
	p := page{tasks: s.tasks[start:end:end], next: end}
	last := end == len(s.tasks)
	if last {
		p.next = -1
	}
	switch fault {
	case "empty-page":
		return page{next: start}
	case "loop-next":
		p.next = start
	case "foreign-next":
		p.next, p.foreign = end, true
	case "repeat-task":
		if last && end > start {
			p.tasks = append(p.tasks, s.tasks[end-1])
		} else if !last {
			p.next = end - 1
		}
	case "miss-task":
		if !last {
			p.next = end + 1
		} else if end > start {
			p.tasks = p.tasks[:len(p.tasks)-1]
		}
	}
	return p
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

// get answers one task; s.mu is held.
func (s *Server) get(c *call) answer {
	i, ok := s.index[c.key]
	if !ok {
		return c.notFound()
	}
	return c.whole(s.tasks[i])
}

// whole answers with all of a task.
func (c *call) whole(r *record) answer {
	context := c.context("/$entity")
	body := make([]byte, 0, len(context)+len(r.body)+32)
	body = append(append(append(body, `{"@odata.context":`...), context...), ',')
	return jsonAnswer(http.StatusOK, append(body, r.body[1:]...))
}
