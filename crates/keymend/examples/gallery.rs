//! Writes every page in every shape to a folder, to be looked at in a browser.
//!
//! `cargo run --example gallery -- FOLDER [LANGUAGE]`

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use keymend::text::{Lang, Texts};
use keymend::web::asset::{asset, asset_url};
use keymend::web::page::{ErrorLine, Exhibit, Frame, Frames, Renderer, TimeLeft, gallery};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder")?;
    let lang = arguments
        .next()
        .and_then(|tag| Lang::from_tag(&tag))
        .unwrap_or(Lang::English);
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets"))?;
    let renderer = Renderer::new(Arc::new(Texts::load()?))?;
    for exhibit in gallery(&renderer, &frames(lang))? {
        write(folder, &exhibit.name, &exhibit)?;
    }
    for exhibit in gallery(&renderer, &troubled(frames(lang)))? {
        write(folder, &format!("trouble-{}", exhibit.name), &exhibit)?;
    }
    for name in ["keymend.css", "parts.css", "keymend.js", "keymend.svg"] {
        let url = asset_url(name).ok_or("no such file")?;
        let file = url.trim_start_matches("/assets/");
        fs::write(
            folder.join("assets").join(file),
            asset(file).ok_or("no such file")?.bytes,
        )?;
    }
    Ok(())
}

fn frames(lang: Lang) -> Frames {
    let plain = Frame::sample(lang);
    let time_left = Some(TimeLeft {
        secs: 840,
        extensions_left: 10,
    });
    Frames {
        flow: Frame {
            time_left,
            here: "/flow".to_owned(),
            ..plain.clone()
        },
        own: Frame {
            signed_in: Some("Jane Doe".to_owned()),
            ..plain.clone()
        },
        plain,
    }
}

fn troubled(frames: Frames) -> Frames {
    let line = |field, refusal_id| ErrorLine {
        field,
        refusal_id,
        values: Vec::new(),
    };
    let errors = vec![
        line(Some("user"), "form.missing"),
        line(Some("code"), "answer.wrong"),
        line(Some("password"), "pw.leaked"),
        line(Some("method"), "form.missing"),
        line(Some("address"), "form.missing"),
    ];
    let trouble = |frame: Frame| Frame {
        errors: errors.clone(),
        is_demo: true,
        ..frame
    };
    Frames {
        plain: trouble(frames.plain),
        flow: trouble(frames.flow),
        own: trouble(frames.own),
    }
}

fn write(folder: &Path, name: &str, exhibit: &Exhibit) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(
        folder.join(format!("{name}.html")),
        &exhibit.html,
    )?)
}
