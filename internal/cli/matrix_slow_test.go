//go:build slow

package cli

import "testing"

func TestFaultMatrixSlow(t *testing.T) { faultMatrix(t, 1, 0, 8) }
