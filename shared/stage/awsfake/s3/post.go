package s3

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"
)

// maxForm is what of a browser's upload is held in memory while it is read, in bytes.
const maxForm = 16 << 20

// isForm says whether r is an upload by a browser's form.
func isForm(r *http.Request, bucket string) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "multipart/form-data" && r.Method == http.MethodPost && strings.Trim(r.URL.Path,
		"/") == bucket
}

// refuseForm says why an upload does not follow the policy that its form was signed with, which gofakes3 does not
// read; "" when it does. Signatures are not checked, as nowhere here.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
func refuseForm(r *http.Request, bucket string, now time.Time) (code string) {
	if r.ParseMultipartForm(maxForm) != nil || len(r.MultipartForm.File["file"]) != 1 {
		return "MalformedPOSTRequest"
	}
	fields := map[string]string{"bucket": bucket}
	for name, values := range r.MultipartForm.Value {
		fields[strings.ToLower(name)] = values[0]
	}
	var policy struct {
		Expiration time.Time         `json:"expiration"`
		Conditions []json.RawMessage `json:"conditions"`
	}
	doc, err := base64.StdEncoding.DecodeString(fields["policy"])
	if err != nil || json.Unmarshal(doc, &policy) != nil || !now.Before(policy.Expiration) {
		return "AccessDenied"
	}
	for _, c := range policy.Conditions {
		if code := refuseCondition(c, fields, r.MultipartForm.File["file"][0].Size); code != "" {
			return code
		}
	}
	return ""
}

func refuseCondition(raw json.RawMessage, fields map[string]string, size int64) string {
	var equal map[string]string
	if json.Unmarshal(raw, &equal) == nil {
		for name, want := range equal {
			if fields[strings.ToLower(name)] != want {
				return "AccessDenied"
			}
		}
		return ""
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil || len(list) != 3 {
		return "InvalidPolicyDocument"
	}
	switch list[0] {
	case "content-length-range":
		switch {
		case size < whole(list[1]):
			return "EntityTooSmall"
		case size > whole(list[2]):
			return "EntityTooLarge"
		}
		return ""
	case "eq", "starts-with":
		name, _ := list[1].(string)
		want, _ := list[2].(string)
		got := fields[strings.ToLower(strings.TrimPrefix(name, "$"))]
		if got == want || list[0] == "starts-with" && strings.HasPrefix(got, want) {
			return ""
		}
		return "AccessDenied"
	}
	return "InvalidPolicyDocument"
}

func whole(v any) int64 {
	n, _ := v.(float64)
	return int64(n)
}
