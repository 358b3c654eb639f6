package fit

import (
	"cmp"
	"fmt"

	"github.com/relais-dev/relais/events"
)

// payment is what is asked for, line by line, and where it can be paid.
func (f fitter) payment(p events.Payment) outcome {
	all := []string{p.Title}
	for _, line := range p.Lines {
		all = append(all, line.Label+": "+amount(line.Amount))
	}
	out := f.say(plain(joined(append(all, price(p.Amount), p.URL)...)))
	if p.URL == "" {
		return out.fallback(events.LossContent, "payment sent as text, without a page to pay on")
	}
	return out.fallback(events.LossInteraction, "payment sent as a link")
}

// product is a picture with the product's name, words, price and page below it.
func (f fitter) product(p events.Product) outcome {
	text := joined(p.Title, p.Text, price(p.Price), p.URL)
	if text == "" {
		text = p.ID
	}
	if p.Image == "" {
		return f.say(plain(text)).fallback(events.LossStyle, "product sent as text")
	}
	out, problem := f.mediaAs(*cleanMedia(&events.Media{Type: events.Image, URL: p.Image, Caption: text}), events.Image)
	if problem != "" {
		return f.say(plain(text)).fallback(events.LossContent, "product sent as text, its picture not at all: "+problem)
	}
	return out.fallback(events.LossStyle, "product sent as a picture with text")
}

// order is its lines and, where they add up, their sum.
func (f fitter) order(o events.Order) outcome {
	all := []string{o.Text}
	for _, item := range o.Items {
		line := fmt.Sprintf("%d × %s", item.Quantity, cmp.Or(item.Name, item.Product))
		if item.Price != nil {
			line += " " + amount(*item.Price)
		}
		all = append(all, line)
	}
	return f.say(plain(joined(append(all, total(o.Items))...))).fallback(events.LossStyle, "order sent as text")
}
