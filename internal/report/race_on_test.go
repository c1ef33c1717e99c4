//go:build race

package report_test

const racing = true
