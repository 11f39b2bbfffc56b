//! The page that `failover -o html` gives, as a browser draws it: no text overlaps, none is cut off, on a narrow screen,
//! on a wide one, and on paper.

mod browser;
mod story;

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use l2witness_tests::lab::binary;

const WIDTHS: [u32; 2] = [600, 1400];

/// What the page of these events is.
fn page(events: &Path) -> Result<String> {
    let mut command = Command::new(binary("l2witness")?);
    let output =
        command.args(["failover", "--since", "10000d", "-o", "html", "--input-file"]).arg(events).output()?;
    ensure!(
        matches!(output.status.code(), Some(0..=3)),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Draws it at both widths; with `L2WITNESS_PICTURES` into PNGs and a PDF, too, for people to look at.
fn looks_right(name: &str, page: &str) -> Result<()> {
    for width in WIDTHS {
        let measured = browser::measure(page, width)?;
        assert_eq!(measured.width, width, "{name}");
        assert!(measured.texts > 20, "{name}: only {} pieces of text", measured.texts);
        assert!(measured.problems.is_empty(), "{name} at {width}: {:#?}", measured.problems);
    }
    let scratch = tempfile::tempdir()?;
    let (file, pdf) = (scratch.path().join("page.html"), scratch.path().join("page.pdf"));
    fs::write(&file, page)?;
    browser::print(&file, &pdf)?;
    on_paper(name, &pdf)?;
    if let Some(folder) = std::env::var_os("L2WITNESS_PICTURES") {
        let folder = Path::new(&folder);
        fs::create_dir_all(folder)?;
        for width in WIDTHS {
            browser::screenshot(&file, width, 1500, &folder.join(format!("{name}-{width}.png")))?;
        }
        fs::copy(&file, folder.join(format!("{name}.html")))?;
        fs::copy(&pdf, folder.join(format!("{name}.pdf")))?;
    }
    Ok(())
}

/// Every word lies inside its sheet, and no two lie on each other.
fn on_paper(name: &str, pdf: &Path) -> Result<()> {
    let output = Command::new("pdftotext").arg("-bbox").arg(pdf).arg("-").output();
    let output = output.context("pdftotext is not on the PATH: `cargo xtask test` brings it")?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = 0;
    for sheet in text.split("<page ").skip(1) {
        let (width, height) = (number(sheet, "width")?, number(sheet, "height")?);
        let mut boxes: Vec<[f64; 4]> = Vec::new();
        for word in sheet.split("<word ").skip(1) {
            let [left, top, right, bottom] =
                [number(word, "xMin")?, number(word, "yMin")?, number(word, "xMax")?, number(word, "yMax")?];
            assert!(left >= 0.0 && top >= 0.0 && right <= width && bottom <= height, "{name}: {word}");
            // As on the screen: less of a line is drawn than it is high.
            let slack = (bottom - top) * 0.2;
            let this = [left, top + slack, right, bottom - slack];
            let hit = boxes.iter().find(|other| {
                this[0] < other[2] - 0.5
                    && other[0] < this[2] - 0.5
                    && this[1] < other[3]
                    && other[1] < this[3]
            });
            assert!(hit.is_none(), "{name}: {word} lies on {hit:?}");
            boxes.push(this);
            words += 1;
        }
    }
    assert!(words > 50, "{name}: only {words} words are on paper");
    Ok(())
}

fn number(text: &str, name: &str) -> Result<f64> {
    let value = text.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    Ok(value.with_context(|| format!("no {name} in {text}"))?.parse()?)
}

#[test]
fn what_overlaps_or_is_cut_off_is_found() -> Result<()> {
    let page = |body: &str| format!("<!DOCTYPE html><html><body>{body}</body></html>");
    let overlap = "<p style='position:absolute;top:40px;left:20px'>one</p><p style='position:absolute;top:44px;left:25px'>two</p>";
    let svg = "<svg width='100' height='30'><text x='80' y='20'>leaves</text></svg>";
    let wide = "<p style='white-space:nowrap'>wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide wide</p>";
    let cut = "<p style='overflow:hidden;width:60px;white-space:nowrap'>this is cut off</p>";
    for (body, wanted) in [
        (overlap, "\"one\" and \"two\" overlap"),
        (svg, "\"leaves\" leaves its picture"),
        (wide, "leaves the page"),
        (cut, "\"this is cut off\" is cut off"),
    ] {
        let measured = browser::measure(&page(body), 600)?;
        assert!(measured.problems.iter().any(|problem| problem.contains(wanted)), "{wanted}: {measured:?}");
    }
    let well = browser::measure(
        &page("<p>one</p><svg width='100' height='30'><text x='8' y='20'>two</text></svg>"),
        600,
    )?;
    assert!(well.problems.is_empty() && well.texts == 2, "{well:?}");
    Ok(())
}

#[test]
fn a_real_handover_looks_right() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let events = scratch.path().join("events");
    fs::write(&events, story::of_the_capture()?)?;
    let page = page(&events)?;
    assert!(page.contains("10.77.0.201 moved from n2 to n3"), "{page}");
    looks_right("real", &page)
}

#[test]
fn long_names_many_nodes_and_several_addresses_look_right() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let events = scratch.path().join("events");
    fs::write(&events, story::made_up())?;
    let page = page(&events)?;
    assert!(page.matches("class=\"picture\"").count() > 3, "{page}");
    looks_right("made-up", &page)
}
