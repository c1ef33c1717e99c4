package job

import (
	"fmt"
	"strings"

	"taskrecon/internal/task"
)

// mostNamed is how many tasks a notice names.
const mostNamed = 5

// withheld says which tasks held the access token, so that nothing of them but the id is known; "" where none did.
func withheld(tasks []*task.Task) string {
	var ids []string
	for _, t := range tasks {
		if t.Withheld() {
			ids = append(ids, t.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	more := ""
	if n := len(ids) - mostNamed; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("left out: %s of the tenant held the access token (%s%s)", task.Plural(len(ids), "task"), strings.Join(ids[:min(len(ids), mostNamed)], ", "), more)
}
