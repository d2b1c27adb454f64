// Package paper writes documents as PDF: headings, facts, texts people wrote,
// small pictures, and a mark on every page that says for whom it is.
//
// A document is written from top to bottom; what does not fit goes on on the next
// page. Texts are broken into lines here, because one line can need several
// fonts: what the text font lacks is looked for in one for Chinese, Japanese and
// Korean, and what neither has is a box. Scripts that join or reorder their
// letters (Arabic, the scripts of India) and emoji are boxes; Missing tells.
package paper
