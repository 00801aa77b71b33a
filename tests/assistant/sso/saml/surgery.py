"""How an answer is tampered with: each takes one that is signed, or about to be, and hands back what is sent instead."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from lxml import etree

from tests.assistant.sso.saml.idp import FIRST, NS, Tree, assertion_of, sign

DS, SAML, SAMLP = (f"{{{NS[name]}}}" for name in ("ds", "saml", "samlp"))


def signature_of(node: Tree) -> Tree:
    found = node.find(f"{DS}Signature")
    assert found is not None
    return found


def forged(root: Tree) -> Tree:
    """A copy of the assertion that says somebody else signed in, without a signature."""
    made = deepcopy(assertion_of(root))
    made.set("ID", "_evil")
    made.remove(signature_of(made))
    name_of(made).text = "admin"
    return made


def name_of(node: Tree) -> Tree:
    return next(node.iter(f"{SAML}NameID"))


def xsw1(root: Tree) -> Tree:
    """The signed answer inside the signature of a forged one."""
    sign(root)
    evil = deepcopy(root)
    evil.set("ID", "_evil")
    name_of(evil).text = "admin"
    original = deepcopy(root)
    original.remove(signature_of(original))
    signature_of(evil).append(original)
    return evil


def xsw2(root: Tree) -> Tree:
    """The signed answer before the detached signature of a forged one."""
    sign(root)
    evil = deepcopy(root)
    evil.set("ID", "_evil")
    name_of(evil).text = "admin"
    original = deepcopy(root)
    original.remove(signature_of(original))
    signature_of(evil).addprevious(original)
    return evil


def xsw3(root: Tree) -> Tree:
    """A forged assertion before the signed one."""
    assertion_of(root).addprevious(forged(root))
    return root


def xsw4(root: Tree) -> Tree:
    """The signed assertion within a forged one."""
    evil, original = forged(root), assertion_of(root)
    root.replace(original, evil)
    evil.append(original)
    return root


def xsw5(root: Tree) -> Tree:
    """The signature in a forged assertion, and the original at the end."""
    evil, original = forged(root), assertion_of(root)
    signature = signature_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    root.append(original)
    return root


def xsw6(root: Tree) -> Tree:
    """The original within the signature that stands in a forged one."""
    evil, original = forged(root), assertion_of(root)
    signature = signature_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    signature.append(original)
    return root


def xsw7(root: Tree) -> Tree:
    """A forged assertion with the id of the signed one, in the extensions."""
    evil = forged(root)
    evil.set("ID", assertion_of(root).get("ID", ""))
    extensions = etree.Element(f"{SAMLP}Extensions")
    extensions.append(evil)
    root.insert(1, extensions)
    return root


def xsw8(root: Tree) -> Tree:
    """The original in an object of the signature that stands in a forged one."""
    evil, original = forged(root), assertion_of(root)
    signature = signature_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    etree.SubElement(signature, f"{DS}Object").append(original)
    return root


def commented(root: Tree) -> bytes:
    """`p-4711` signed as `p-4711.evil.example` with a comment after the part that is somebody else's."""
    return etree.tostring(root).replace(b">p-4711.evil<", b">p-4711<!---->.evil<")


def instructed(root: Tree) -> bytes:
    return etree.tostring(root).replace(b">p-4711<", b">p-4711<?x?><")


def entity(root: Tree) -> bytes:
    body = etree.tostring(root).replace(b">p-4711<", b">&who;<")
    return b'<!DOCTYPE r [<!ENTITY who SYSTEM "file:///etc/passwd">]>' + body


def laughs(root: Tree) -> bytes:
    names = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = etree.tostring(root).replace(b">p-4711<", b">&l9;<")
    return f'<!DOCTYPE r [<!ENTITY l0 "lol">{names}]>'.encode() + body


def hidden(root: Tree) -> bytes:
    """A document type in an encoding that a look at the bytes does not see through."""
    return ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE r []>' + etree.tostring(root).decode()).encode("utf-16")


def setting(path: str, name: str, value: str | None) -> Callable[[Tree], Any]:
    """One attribute of one element, set or (None) taken away."""

    def change(root: Tree) -> Tree:
        node = root if path == "." else root.find(path, NS)
        assert node is not None
        if value is None:
            del node.attrib[name]
        else:
            node.set(name, value)
        return root

    return change


def drop(path: str) -> Callable[[Tree], Any]:
    def change(root: Tree) -> Tree:
        node = root.find(path, NS)
        assert node is not None
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)
        return root

    return change


def writing(path: str, value: str) -> Callable[[Tree], Any]:
    def change(root: Tree) -> Tree:
        node = root.find(path, NS)
        assert node is not None
        node.text = value
        return root

    return change


def together(*changes: Callable[[Tree], Any]) -> Callable[[Tree], Any]:
    def change(root: Tree) -> Tree:
        for one in changes:
            one(root)
        return root

    return change


def signed_around(root: Tree) -> Tree:
    return sign(root)


def twice(root: Tree) -> Tree:
    """Two assertions, both honestly signed."""
    second = deepcopy(assertion_of(root))
    second.set("ID", "_second")
    second.remove(signature_of(second))
    root.append(second)
    sign(second)
    return root


def encrypted(root: Tree) -> Tree:
    garbage = etree.fromstring(
        '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData'
        ' xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:CipherData><xenc:CipherValue>Z2FyYmFnZQ=='
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
    )
    root.replace(assertion_of(root), garbage)
    return root


def renamed(root: Tree) -> Tree:
    root.tag = f"{SAMLP}LogoutResponse"
    return root


def condition(root: Tree) -> None:
    found = root.find("saml:Assertion/saml:Conditions", NS)
    assert found is not None
    strange = etree.SubElement(found, f"{SAML}Condition")
    strange.set("{http://www.w3.org/2001/XMLSchema-instance}type", "saml:ProxyRestrictionType")


def moved(root: Tree) -> Tree:
    """The signature out of the assertion, beside it."""
    signature = signature_of(assertion_of(root))
    assertion_of(root).remove(signature)
    root.insert(1, signature)
    return root


def brings_first(root: Tree) -> Tree:
    node = root.find("saml:Assertion/ds:Signature/ds:KeyInfo/ds:X509Data/ds:X509Certificate", NS)
    assert node is not None
    node.text = FIRST.der
    return root


def emptied(root: Tree) -> Tree:
    for node in list(signature_of(assertion_of(root))):
        signature_of(assertion_of(root)).remove(node)
    return root


def doubled(root: Tree) -> Tree:
    reference = root.find("saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference", NS)
    assert reference is not None
    reference.addnext(deepcopy(reference))
    return root


def grown(root: Tree) -> Tree:
    etree.SubElement(root, "{urn:unknown}more")
    return root


def longer(root: Tree, path: str, name: str) -> None:
    node = root if path == "." else root.find(path, NS)
    assert node is not None
    node.set(name, f"{node.get(name)}.evil.example")


def further(algorithm: str) -> Callable[[Tree], Tree]:
    """One transform more than there may be."""

    def change(root: Tree) -> Tree:
        found = root.find("saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms", NS)
        assert found is not None
        etree.SubElement(found, f"{DS}Transform", Algorithm=algorithm)
        return root

    return change
