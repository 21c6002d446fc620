// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LeaseId} from "../types/LeaseId.sol";
import {Terms} from "../types/Terms.sol";

/// @dev EIP-712 struct hashes of everything that is signed for the contract.
library LeaseHash {
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(address tenant,address host,address signer,bytes32 deployment,bytes32 instance,uint64 epoch,"
        "bytes32 previous,bytes32 manifest,bytes32 observers,uint128 rate,uint128 extraMax,uint128 bond,"
        "uint128 quitFee,uint128 reportFee,uint40 committed,uint40 bidExpiry,uint32 minimum,uint32 silence,"
        "uint32 window,uint32 answerIn)"
    );
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256("Receipt(bytes32 lease,uint40 until,uint128 extra)");
    bytes32 internal constant ANSWER_TYPEHASH = keccak256("Answer(bytes32 lease,uint40 reported)");
    bytes32 internal constant ABSENCE_TYPEHASH = keccak256("Absence(bytes32 lease,uint40 from)");

    /// @dev The lease id. All members are words, so the ABI encoding is the EIP-712 encoding. The words are hashed
    /// as they come: `open` emits, and so checks, every member, and only the id of opened terms is ever found again.
    function ofTerms(Terms calldata terms) internal pure returns (LeaseId id) {
        bytes32 typehash = TERMS_TYPEHASH;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), terms, 0x280)
            id := keccak256(words, 0x2a0)
        }
    }

    function ofReceipt(LeaseId id, uint40 until, uint128 extra) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, id, until, extra));
    }

    function ofAnswer(LeaseId id, uint40 reported) internal pure returns (bytes32) {
        return keccak256(abi.encode(ANSWER_TYPEHASH, id, reported));
    }

    function ofAbsence(LeaseId id, uint40 from) internal pure returns (bytes32) {
        return keccak256(abi.encode(ABSENCE_TYPEHASH, id, from));
    }

    /// @dev What Terms.observers commits to.
    function ofObservers(uint256 quorum, address[] calldata observers) internal pure returns (bytes32) {
        return keccak256(abi.encode(quorum, observers));
    }

    /// @dev The lock of an instance: its leases succeed each other.
    function ofKey(address tenant, bytes32 deployment, bytes32 instance) internal pure returns (bytes32) {
        return keccak256(abi.encode(tenant, deployment, instance));
    }
}
