// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ILeases} from "../src/interfaces/ILeases.sol";
import {LeaseHash} from "../src/libraries/LeaseHash.sol";
import {LeaseId} from "../src/types/LeaseId.sol";
import {Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev A wallet contract that accepts one signature for one digest.
contract Wallet is IERC1271 {
    bytes32 private _accepted;

    function accept(bytes32 digest, bytes calldata signature) external {
        _accepted = keccak256(abi.encode(digest, signature));
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool valid = keccak256(abi.encode(digest, signature)) == _accepted;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

contract SignaturesTest is Fixture {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function testFuzz_AContractHostBidsByErc1271(bytes calldata signature) public {
        Wallet wallet = new Wallet();
        _fund(address(wallet), 10e6);
        Terms memory terms = _terms();
        terms.host = address(wallet);
        VM.expectRevert(ILeases.BadSignature.selector);
        VM.prank(tenant);
        leases.open(terms, 10e6, signature);
        wallet.accept(_digest(LeaseId.unwrap(leases.leaseId(terms))), signature);
        VM.prank(tenant);
        leases.open(terms, 10e6, signature);
    }

    function testFuzz_AContractSignerAcknowledgesByErc1271(bytes calldata signature) public {
        Wallet wallet = new Wallet();
        Terms memory terms = _terms();
        terms.signer = address(wallet);
        _open(terms, 10e6);
        VM.warp(START + 1 hours);
        wallet.accept(_digest(LeaseHash.ofReceipt(leases.leaseId(terms), START + 1 hours, 7)), signature);
        leases.claim(terms, START + 1 hours, 7, signature);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + _cost(terms, 1 hours) + 7, "host");
    }

    function testFuzz_ASignatureOfADelegatedAccountWithCodeStillCounts(bytes32 salt) public {
        Terms memory terms = _terms();
        terms.manifest = salt;
        VM.etch(host, hex"00");
        _open(terms, 10e6);
    }

    function testFuzz_ATwinSignatureWithHighSIsRefused(bytes32 salt) public {
        Terms memory terms = _terms();
        terms.manifest = salt;
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(HOST_KEY, _digest(LeaseId.unwrap(leases.leaseId(terms))));
        bytes memory twin = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        VM.expectRevert(ILeases.BadSignature.selector);
        VM.prank(tenant);
        leases.open(terms, 10e6, twin);
    }

    function testFuzz_ABidForAnotherContractOrChainIsRefused(uint64 chain, address other) public {
        VM.assume(chain != block.chainid || other != address(leases));
        Terms memory terms = _terms();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Artel"),
                keccak256("1"),
                chain,
                other
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, leases.leaseId(terms)));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(HOST_KEY, digest);
        VM.expectRevert(ILeases.BadSignature.selector);
        VM.prank(tenant);
        leases.open(terms, 10e6, abi.encodePacked(r, s, v));
    }

    function testFuzz_ASignatureWorksForItsVerbOnly(uint32 served) public {
        Terms memory terms = _terms();
        LeaseId id = _open(terms, 10e6);
        uint40 time = _at(_within(served, terms.silence, 4 hours));
        VM.warp(time);
        bytes memory absence = _sign(SIGNER_KEY, LeaseHash.ofAbsence(id, time));
        VM.expectRevert(ILeases.BadSignature.selector);
        leases.claim(terms, time, 0, absence);
        VM.prank(tenant);
        leases.report(terms);
        bytes memory receipt = _sign(HOST_KEY, LeaseHash.ofAbsence(id, time));
        VM.expectRevert(ILeases.BadSignature.selector);
        leases.answer(terms, receipt);
    }

    function testFuzz_ABidOfAFormerOperatorIsRefused(bytes32 salt) public {
        Terms memory terms = _terms();
        terms.manifest = salt;
        bytes memory bid = _sign(OPERATOR_KEY, LeaseId.unwrap(leases.leaseId(terms)));
        VM.prank(host);
        leases.setOperator(operator, false);
        VM.expectRevert(ILeases.BadSignature.selector);
        VM.prank(tenant);
        leases.open(terms, 10e6, bid);
        VM.prank(host);
        leases.setOperator(operator, true);
        VM.prank(tenant);
        leases.open(terms, 10e6, bid);
    }
}
