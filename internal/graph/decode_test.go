package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/task"
)

// wholePage is a page with one managed task that has these members beside its id.
func wholePage(members string) string {
	return `{"@odata.context":"c","value":[{` + managed + `,"id":"a"` + members + `}]}`
}

// samePage says how two readings of one page differ, or "".
func samePage(got, want *page) string {
	if got.Next != want.Next || (got.Value == nil) != (want.Value == nil) || len(got.Value) != len(want.Value) {
		return fmt.Sprintf("%d tasks, next %q; want %d, %q", len(got.Value), got.Next, len(want.Value), want.Next)
	}
	for i, g := range got.Value {
		w := want.Value[i]
		switch {
		case (g == nil) != (w == nil):
			return fmt.Sprintf("task %d: %v; want %v", i, g, w)
		case g != nil && *g != *w:
			return fmt.Sprintf("task %d:\n%+v; want\n%+v", i, *g, *w)
		}
	}
	return ""
}

// pageShapes are bodies of pages, each with whether it is read in one pass.
var pageShapes = []struct {
	name, body string
	ordinary   bool
}{
	{"no tasks", `{"value":[]}`, true},
	{"no value", `{"@odata.count":0}`, true},
	{"spaces", " {\n\"value\" :\t[ { \"id\" : \"a\" } ] } \r\n", true},
	{"a link", `{"@odata.nextLink":"https:\/\/graph.microsoft.com\/x?a=1\u0026b","value":[]}`, true},
	{"a link that is null", `{"value":[],"@odata.nextLink":null}`, true},
	{"a link that is none", `{"value":[],"@odata.nextLink":7}`, false},
	{"a link said twice", `{"value":[],"@odata.nextLink":"a","@odata.nextLink":"b"}`, false},
	{"value said twice", `{"value":[{"id":"a"}],"value":[{"id":"b"}]}`, false},
	{"value said twice, empty first", `{"value":[],"value":[{"id":"b"}]}`, false},
	{"value null", `{"value":null}`, false},
	{"value in capitals", `{"VALUE":[{"id":"a"}]}`, false},
	{"value with an escape", `{"v\u0061lue":[{"id":"a"}]}`, false},
	{"the link's name with a Kelvin sign", "{\"value\":[],\"@odata.nextLin\u212a\":\"x\"}", false},
	{"something after the page", `{"value":[]}{}`, false},
	{"cut short", `{"value":[{"id":"a"}]`, false},
	{"an array", `[]`, false},
	{"a null task", `{"value":[null]}`, false},
	{"a task without an id", `{"value":[{"displayName":"x"}]}`, false},
	{"an id that is null", `{"value":[{"id":null}]}`, false},
	{"an id with an escape", `{"value":[{"id":"\u0061\n"}]}`, true},
	{"a task without a type", `{"value":[{"id":"a","displayName":"n","status":"active"}]}`, true},
	{"a type that is null", `{"value":[{"id":"a","@odata.type":null,"status":"active"}]}`, true},
	{"a member's name with an escape", wholePage(`,"st\u0061tus":"active"`), true},
	{"a member said twice", wholePage(`,"status":"active","status":"pending"`), true},
	{"a member said twice, null first", wholePage(`,"status":null,"status":"pending"`), true},
	{"a member in capitals", wholePage(`,"Status":"active"`), true},
	{"an unknown member said twice", wholePage(`,"x":1,"x":{"x":[]}`), true},
	{"nulls", wholePage(`,"status":null,"managedDeviceCount":null,"intendedSettings":null,"dueDateTime":null`), true},
	{"empty texts", wholePage(`,"status":"","displayName":"","creator":"","dueDateTime":""`), true},
	{"escapes", wholePage(`,"displayName":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","creator":"\u0041","status":"\u0061ctive"`), true},
	{"half a surrogate pair", wholePage(`,"displayName":"a\ud83d"`), true},
	{"no UTF-8", wholePage(",\"displayName\":\"a\xff\",\"status\":\"\xc3\",\"\xff\":1"), true},
	{"no UTF-8 in a member that is unknown", wholePage(",\"x\":\"a\xff\",\"\xff\":1"), true},
	{"no UTF-8 in a shared text", wholePage(",\"status\":\"\xc3\""), true},
	{"a control character", wholePage(",\"displayName\":\"a\x01\""), false},
	{"a text for another", wholePage(`,"displayName":7`), false},
	{"counts", wholePage(`,"managedDeviceCount":12`), true},
	{"a count of nought", wholePage(`,"managedDeviceCount":-0`), true},
	{"a count with a point", wholePage(`,"managedDeviceCount":12.0`), true},
	{"a huge count", wholePage(`,"managedDeviceCount":12345678901234567890123`), true},
	{"a count with an exponent", wholePage(`,"managedDeviceCount":1e3`), true},
	{"a count in quotes", wholePage(`,"managedDeviceCount":"12"`), true},
	{"a count that is a word", wholePage(`,"managedDeviceCount":"many"`), false},
	{"a count with a leading zero", wholePage(`,"managedDeviceCount":012`), false},
	{"pairs", wholePage(`,"intendedSettings":[{"@odata.type":"x","name":"b","value":null},{"value":"1","name":"a"},{},{"name":null}]`), true},
	{"pairs with escapes", wholePage(`,"intendedSettings":[{"name":"a\n","value":"\u003c\u2028é\u2028"}]`), true},
	{"pairs with HTML", wholePage(`,"intendedSettings":[{"name":"<a>","value":"&"}]`), true},
	{"a pair's member said twice", wholePage(`,"intendedSettings":[{"name":"a","name":null,"value":"1","value":"2"}]`), true},
	{"a pair's member in capitals", wholePage(`,"intendedSettings":[{"NAME":"a","Value":"1"}]`), true},
	{"a pair that is null", wholePage(`,"intendedSettings":[null]`), true},
	{"a pair of numbers", wholePage(`,"intendedSettings":[{"name":1}]`), false},
	{"one pair, no array", wholePage(`,"intendedSettings":{"name":"a"}`), false},
	{"another type first", `{"value":[{"@odata.type":"#x","status":{"odd":1},"id":"a","displayName":"n","managedDeviceCount":"many"}]}`, true},
	{"another type last", `{"value":[{"status":"active","id":"a","displayName":"n","@odata.type":"#x"}]}`, true},
	{"another type last, nameless", `{"value":[{"status":"active","id":"a","@odata.type":"#x"}]}`, true},
	{"another type last, of another shape", `{"value":[{"status":{"odd":1},"id":"a","@odata.type":"#x"}]}`, true},
	{"another type, named by an array", `{"value":[{"@odata.type":"#x","id":"a","displayName":["n"]}]}`, true},
	{"nested deeply", wholePage(`,"x":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)), true},
	{"nested too deeply", wholePage(`,"x":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)), false},
}

// What is read in one pass is what encoding/json reads; what is not ordinary is left to it.
func TestOnePassAgrees(t *testing.T) {
	var decoder task.Decoder
	for _, c := range pageShapes {
		got, err := ordinaryPage(&decoder, []byte(c.body))
		if (err == nil) != c.ordinary {
			t.Errorf("%s: read in one pass: %v; want %t", c.name, err, c.ordinary)
		}
		want, wrong := byMember([]byte(c.body))
		if err == nil && (wrong != nil || samePage(got, want) != "") {
			t.Errorf("%s: %s; encoding/json: %v", c.name, samePage(got, want), wrong)
		}
		either, err := decodePage(&decoder, []byte(c.body))
		if fmt.Sprint(err) != fmt.Sprint(wrong) || samePage(either, want) != "" {
			t.Errorf("%s: %v, %s; want %v", c.name, err, samePage(either, want), wrong)
		}
	}
}

// Every nesting near the bound of encoding/json is accepted by both or left to it.
func TestOnePassNestsNoDeeper(t *testing.T) {
	accepted := 0
	for depth := 9_990; depth <= 10_005; depth++ {
		body := []byte(wholePage(`,"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth)))
		_, one := ordinaryPage(new(task.Decoder), body)
		if _, all := byMember(body); one == nil && all != nil {
			t.Errorf("%d levels are read in one pass, but encoding/json says %v", depth, all)
		}
		if one == nil {
			accepted++
		}
	}
	if accepted == 0 || accepted == 16 {
		t.Errorf("%d of 16 depths are accepted; the bound is not among them", accepted)
	}
}

// The list of a tenant is of the ordinary shape, and its tasks stay as they are when later pages are read.
func TestOnePassReadsATenant(t *testing.T) {
	pages := newTenantPages(3 * tasksPerPage)
	got, want := list(t, pages, onePass()), list(t, pages, byMember)
	if len(got) != 3*tasksPerPage {
		t.Fatalf("%d tasks; want %d", len(got), 3*tasksPerPage)
	}
	if s := samePage(&page{Value: got}, &page{Value: want}); s != "" {
		t.Error(s)
	}
	managed := slices.DeleteFunc(got, func(g *task.Task) bool { return !g.Managed() })
	if len(managed) != 2850 || managed[7].Get(task.IntendedSettings).String() != `[{"name":"BitLocker","value":"required"},{"name":"MinimumPinLength","value":"7"},{"name":"RecoveryKeyEscrow","value":"enabled"}]` {
		t.Errorf("%d managed tasks; the settings of the eighth: %s", len(managed), managed[7].Get(task.IntendedSettings))
	}
}

// FuzzOnePass holds the two ways of reading a page against each other.
func FuzzOnePass(f *testing.F) {
	for _, i := range []int{0, 3, 19} {
		f.Add([]byte(`{"@odata.nextLink":"x","value":[` + tenantTask(i) + `]}`))
	}
	for _, members := range []string{
		`,"dueDateTime":"2026-02-29T23:59:59.0000001+14:00","createdDateTime":"0001-01-01T00:00:00+00:01"`,
		`,"dueDateTime":"2024-02-29t23:59:60z","creator":"\ud83d\ude00\u0000","managedDeviceCount":-12.00`,
		`,"intendedSettings":[{"name":"a","value":null,"NAME":"b"},{}],"displayName":"\u2028<&>"`,
		`,"status":null,"@odata.type":"#x","displayName":[]`,
	} {
		f.Add([]byte(wholePage(members)))
	}
	var decoder task.Decoder
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := ordinaryPage(&decoder, body)
		if err != nil {
			return
		}
		want, err := byMember(body)
		if err != nil {
			t.Fatalf("read in one pass, but encoding/json says %v", err)
		}
		if s := samePage(got, want); s != "" {
			t.Fatal(s)
		}
	})
}
