//! The exports that salvage: `salvaging`.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::Component;
use super::exported::salvaging;
use crate::salvage;

impl salvaging::Guest for Component {
    type Survey = Survey;
    type Copying = Copying;
}

/// None once it has come to its end.
pub(super) struct Survey(RefCell<Option<salvage::Survey>>);

impl salvaging::GuestSurvey for Survey {
    fn new(of: salvaging::Circumstances) -> Survey {
        let circumstances = fields!(of => salvage::Circumstances {
            name, modified, now, offset, chance, same_id, new_id, originator, version,
        } with {});
        Survey(RefCell::new(Some(salvage::Survey::new(circumstances))))
    }

    fn take(&self, chunk: Vec<u8>) {
        if let Some(survey) = &mut *self.0.borrow_mut() {
            survey.take(&chunk);
        }
    }

    fn end(&self, fault: Option<String>) -> Result<Option<salvaging::Plan>, String> {
        let survey = self.0.borrow_mut().take().ok_or_else(|| String::from("it has come to its end"))?;
        Ok(survey.end(fault)?.map(|plan| {
            fields!(plan => salvaging::Plan {
                thread, original, file_name, records, salvaged, duplicates, renumbered, made_head, left_out_count,
                left_out_bytes, faults, state,
            } with {
                left_out: |from: &salvage::Plan| {
                    let each = from.left_out.iter().cloned();
                    each.map(|part| fields!(part => salvaging::LeftOut { line, offset, length, reason } with {})).collect()
                },
            })
        }))
    }
}

pub(super) struct Copying(RefCell<Option<salvage::Copying>>);

impl salvaging::GuestCopying for Copying {
    fn new(state: Vec<u8>) -> Copying {
        Copying(RefCell::new(salvage::Copying::new(&state)))
    }

    fn take(&self, chunk: Vec<u8>) -> Vec<u8> {
        self.0.borrow_mut().as_mut().map(|copying| copying.take(&chunk)).unwrap_or_default()
    }

    fn end(&self) -> Vec<u8> {
        self.0.borrow_mut().as_mut().map(salvage::Copying::end).unwrap_or_default()
    }
}
