// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Report, Service, Status} from "../types/Lease.sol";
import {Terms} from "../types/Terms.sol";

/// @dev The derived amounts and times of a lease, as in `src/core/lease.ts`.
library LeaseRules {
    using SafeCast for uint256;

    /// @dev Blocks that must pass besides `answerIn` before a report counts as unanswered: a chain that
    /// stood still gives the host no chance to answer.
    uint256 internal constant ANSWER_BLOCKS = 30;

    /// @dev When the deposit runs out or, at rate 0, the commitment ends. Final.
    function exhausted(Service memory service, Terms calldata terms) internal pure returns (uint40) {
        if (terms.rate.isZero()) return terms.committed;
        uint256 time = terms.rate.affordable(service.deposit - terms.extraMax);
        uint256 last = service.opened + time;
        return last < type(uint40).max ? last.toUint40() : type(uint40).max;
    }

    /// @dev Until when the lease earns at most, seen at `time`.
    function endOf(Service memory service, Terms calldata terms, uint40 time) internal pure returns (uint40) {
        uint40 ended = service.ended == 0 ? time : service.ended;
        uint40 last = exhausted(service, terms);
        return ended < last ? ended : last;
    }

    /// @dev What service through `until` costs in all: floored once.
    function earned(Service memory service, Terms calldata terms, uint40 until) internal pure returns (uint256) {
        return terms.rate.cost(until - service.opened);
    }

    /// @dev The status at `time`: exhaustion ends a running lease without a transaction.
    function statusAt(Service memory service, Terms calldata terms, uint40 time) internal pure returns (Status) {
        bool over = service.status == Status.Running && time >= exhausted(service, terms);
        return over ? Status.Ended : service.status;
    }

    /// @dev Whether no report is open and nothing is settled.
    function isOpen(Service memory service) internal pure returns (bool) {
        return service.status != Status.Settled && service.status != Status.Reported;
    }

    /// @dev The service that a party concedes by closing: through the end, and at least the stated minimum.
    function conceded(Service memory service, Terms calldata terms, uint40 time) internal pure returns (uint40) {
        uint256 least = Math.min(uint256(service.opened) + terms.minimum, exhausted(service, terms));
        return Math.max(endOf(service, terms, time), least).toUint40();
    }

    /// @dev Whether the time to answer is over: both the seconds and the blocks have passed.
    function answerOverdue(Report memory report, Terms calldata terms) internal view returns (bool) {
        return block.timestamp >= uint256(report.reported) + terms.answerIn
            && block.number >= report.blockNumber + ANSWER_BLOCKS;
    }
}
