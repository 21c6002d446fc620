// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Lease, Report, Status} from "../types/Lease.sol";
import {Terms} from "../types/Terms.sol";

/// @dev The derived amounts and times of a lease, as in `src/core/lease.ts`.
library LeaseRules {
    using SafeCast for uint256;

    /// @dev Blocks that must pass besides `answerIn` before a report counts as unanswered: a chain that
    /// stood still gives the host no chance to answer.
    uint256 internal constant ANSWER_BLOCKS = 30;

    /// @dev When the deposit runs out or, at rate 0, the commitment ends. Final.
    function exhausted(Lease memory lease, Terms calldata terms) internal pure returns (uint40) {
        if (terms.rate.isZero()) return terms.committed;
        uint256 time = terms.rate.affordable(lease.deposit - terms.extraMax);
        return Math.min(lease.opened + time, type(uint40).max).toUint40();
    }

    /// @dev Until when the lease earns at most, seen at `time`.
    function endOf(Lease memory lease, Terms calldata terms, uint40 time) internal pure returns (uint40) {
        uint40 ended = lease.ended == 0 ? time : lease.ended;
        uint40 last = exhausted(lease, terms);
        return ended < last ? ended : last;
    }

    /// @dev What service through `until` and `extra` cost in all: floored once, at most the deposit.
    function owed(Lease memory lease, Terms calldata terms, uint40 until, uint256 extra)
        internal
        pure
        returns (uint256)
    {
        return terms.rate.cost(until - lease.opened) + Math.min(extra, terms.extraMax);
    }

    /// @dev What the host has been paid so far.
    function paid(Lease memory lease, Terms calldata terms) internal pure returns (uint256) {
        return owed(lease, terms, lease.ack, lease.extra);
    }

    /// @dev The status at `time`: exhaustion ends a running lease without a transaction.
    function statusAt(Lease memory lease, Terms calldata terms, uint40 time) internal pure returns (Status) {
        return lease.status == Status.Running && time >= exhausted(lease, terms) ? Status.Ended : lease.status;
    }

    /// @dev The service that `close` concedes: through the end, and the stated minimum unless the host quit.
    function conceded(Lease memory lease, Terms calldata terms, uint40 time) internal pure returns (uint40) {
        uint40 end = endOf(lease, terms, time);
        if (lease.quit) return end;
        uint256 least = Math.min(uint256(lease.opened) + terms.minimum, exhausted(lease, terms));
        return Math.max(end, least).toUint40();
    }

    /// @dev Whether the time to answer is over: both the seconds and the blocks have passed.
    function answerOverdue(Report memory report, Terms calldata terms) internal view returns (bool) {
        return block.timestamp >= uint256(report.reported) + terms.answerIn
            && block.number >= report.blockNumber + ANSWER_BLOCKS;
    }
}
