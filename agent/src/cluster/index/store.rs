//! Objects by key, and by what they belong to.

use std::{collections::BTreeMap, sync::Arc};

use super::super::objects::{Event, Object, Slice};
use crate::evidence::L2Status;

/// What a change has to do with the election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    /// Nothing changed at all.
    Nothing,
    /// Nothing to do with it.
    Otherwise,
    /// These Services.
    Services(Vec<Arc<str>>),
    /// All of them.
    Everything,
}

/// The objects of one kind.
pub(super) trait Store {
    /// All keys.
    fn keys(&self) -> Vec<Arc<str>>;
    /// Adds or replaces one.
    fn put(&mut self, key: Arc<str>, object: Object) -> Touched;
    /// Removes one, if it is there.
    fn remove(&mut self, key: &str) -> Touched;
}

/// Objects by key that only the election asks for.
#[derive(Debug)]
pub(super) struct Keyed<T>(pub(super) BTreeMap<Arc<str>, T>);

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// What can come out of an [`Object`].
pub(super) trait Kept: Sized + PartialEq {
    /// It, if the object is one.
    fn of(object: Object) -> Option<Self>;
}

impl<T: Kept> Store for Keyed<T> {
    fn keys(&self) -> Vec<Arc<str>> {
        self.0.keys().cloned().collect()
    }

    fn put(&mut self, key: Arc<str>, object: Object) -> Touched {
        let Some(object) = T::of(object) else { return Touched::Nothing };
        if self.0.get(&key) == Some(&object) {
            return Touched::Nothing;
        }
        self.0.insert(key, object);
        Touched::Everything
    }

    fn remove(&mut self, key: &str) -> Touched {
        self.0.remove(key).map_or(Touched::Nothing, |_| Touched::Everything)
    }
}

/// What belongs to a Service.
pub(super) trait Belongs: Kept {
    /// Whether the election asks for it.
    const ELECTS: bool;
    /// `namespace/name` of the Service.
    fn service(&self) -> &str;
}

/// Objects by key, and by the Service they belong to.
#[derive(Debug)]
pub(super) struct Grouped<T> {
    objects: BTreeMap<Arc<str>, T>,
    services: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), services: BTreeMap::new() }
    }
}

impl<T: Belongs> Grouped<T> {
    /// The object with that key.
    pub(super) fn get(&self, key: &str) -> Option<&T> {
        self.objects.get(key)
    }

    /// What belongs to that Service.
    pub(super) fn of(&self, service: &str) -> impl Iterator<Item = &T> {
        self.services.get(service).into_iter().flatten().filter_map(|key| self.objects.get(key))
    }

    /// Takes it out of the group of its Service.
    fn leave(&mut self, key: &str, object: &T) -> Option<Arc<str>> {
        let (service, _) = self.services.get_key_value(object.service())?;
        let service = Arc::clone(service);
        let keys = self.services.get_mut(&service)?;
        keys.retain(|other| **other != *key);
        if keys.is_empty() {
            self.services.remove(&service);
        }
        Some(service)
    }

    fn touched(services: Vec<Arc<str>>) -> Touched {
        if T::ELECTS { Touched::Services(services) } else { Touched::Otherwise }
    }
}

impl<T: Belongs> Store for Grouped<T> {
    fn keys(&self) -> Vec<Arc<str>> {
        self.objects.keys().cloned().collect()
    }

    fn put(&mut self, key: Arc<str>, object: Object) -> Touched {
        let Some(object) = T::of(object) else { return Touched::Nothing };
        if self.objects.get(&key) == Some(&object) {
            return Touched::Nothing;
        }
        let service: Arc<str> = match self.services.get_key_value(object.service()) {
            Some((service, _)) => Arc::clone(service),
            None => object.service().into(),
        };
        let mut touched = vec![Arc::clone(&service)];
        if let Some(former) = self.objects.insert(Arc::clone(&key), object) {
            touched.extend(self.leave(&key, &former));
        }
        self.services.entry(service).or_default().push(key);
        Self::touched(touched)
    }

    fn remove(&mut self, key: &str) -> Touched {
        let Some(object) = self.objects.remove(key) else { return Touched::Nothing };
        let service = self.leave(key, &object);
        Self::touched(service.into_iter().collect())
    }
}

impl Kept for Slice {
    fn of(object: Object) -> Option<Self> {
        if let Object::Slice(slice) = object { Some(slice) } else { None }
    }
}

impl Belongs for Slice {
    const ELECTS: bool = true;

    fn service(&self) -> &str {
        &self.service
    }
}

impl Kept for Event {
    fn of(object: Object) -> Option<Self> {
        if let Object::Event(event) = object { Some(event) } else { None }
    }
}

impl Belongs for Event {
    const ELECTS: bool = false;

    fn service(&self) -> &str {
        &self.service
    }
}

impl Kept for L2Status {
    fn of(object: Object) -> Option<Self> {
        if let Object::Status(status) = object { Some(status) } else { None }
    }
}

impl Belongs for L2Status {
    const ELECTS: bool = false;

    fn service(&self) -> &str {
        &self.service
    }
}
