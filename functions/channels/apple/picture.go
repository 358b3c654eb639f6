package apple

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"github.com/relais-dev/relais/events"
)

const (
	// maxPicture is of a picture in an interactive message or a rich link, as PNG, and
	// maxPictures of all those of a message, as they are sent.
	// https://help.webexconnect.io/changelog/apple-messages-for-business-compliance-updates
	maxPicture  = 200_000
	maxPictures = 4_900_000 // of 5 MB: their names and brackets count too
	// side is how large such pictures are shown at most.
	// https://register.apple.com/resources/messages/msp-rest-api/type-richlink
	side = 240
	// maxSource and maxPixels bound the work of making them small.
	maxSource = 10 << 20
	maxPixels = 16_000_000
)

// picture is m as Apple takes it, in base64: a small PNG. It is "" when there is
// none: a message without its picture is better than none.
func (s sender) picture(ctx context.Context, m events.Media) string {
	if m.URL == "" && m.SHA256 == "" && m.PlatformID == "" {
		return ""
	}
	file, err := s.Open(ctx, m)
	if err != nil {
		return ""
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, maxSource))
	if err != nil {
		return ""
	}
	picture := decoded(source)
	if picture == nil {
		return ""
	}
	var b bytes.Buffer
	if png.Encode(&b, shrunk(picture)) != nil || b.Len() > maxPicture {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// decoded is the picture that source holds, or nil.
func decoded(source []byte) image.Image {
	var config func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	switch http.DetectContentType(source) {
	case "image/png":
		config, decode = png.DecodeConfig, png.Decode
	case "image/jpeg":
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	case "image/gif":
		config, decode = gif.DecodeConfig, gif.Decode
	default:
		return nil
	}
	if c, err := config(bytes.NewReader(source)); err != nil || c.Width <= 0 || c.Height <= 0 ||
		c.Width > maxPixels/c.Height {
		return nil
	}
	m, err := decode(bytes.NewReader(source))
	if err != nil {
		return nil
	}
	return m
}

// shrunk is m so that its longer side is at most side: each pixel is the mean of
// those it stands for.
func shrunk(m image.Image) image.Image {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	longer := max(w, h)
	if longer <= side {
		return m
	}
	small := image.NewRGBA(image.Rect(0, 0, max(w*side/longer, 1), max(h*side/longer, 1)))
	sw, sh := small.Bounds().Dx(), small.Bounds().Dy()
	for y := range sh {
		for x := range sw {
			from := image.Rect(b.Min.X+x*w/sw, b.Min.Y+y*h/sh, b.Min.X+(x+1)*w/sw, b.Min.Y+(y+1)*h/sh)
			small.Set(x, y, mean(m, from))
		}
	}
	return small
}

func mean(m image.Image, r image.Rectangle) color.Color {
	var sum [4]uint64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, alpha := m.At(x, y).RGBA()
			for i, v := range []uint32{red, green, blue, alpha} {
				sum[i] += uint64(v)
			}
		}
	}
	n := uint64(max(r.Dx()*r.Dy(), 1))
	return color.RGBA64{R: uint16(sum[0] / n), G: uint16(sum[1] / n), B: uint16(sum[2] / n), A: uint16(sum[3] / n)}
}
