// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Delegations} from "./Delegations.sol";
import {Vault} from "./Vault.sol";
import {ILeases} from "./interfaces/ILeases.sol";
import {LeaseHash} from "./libraries/LeaseHash.sol";
import {LeaseRules} from "./libraries/LeaseRules.sol";
import {Lease, Report, Status} from "./types/Lease.sol";
import {LeaseId} from "./types/LeaseId.sol";
import {Claim, Terms} from "./types/Terms.sol";

/// @title Leases
/// @notice Immutable and ownerless. Its executable specification is `src/core/leases-state.ts`.
///
/// Storage: balance, isOperator (Vault), _delegations (Delegations), then per lease two slots of _leases, one of
/// _reports from its first report on, and per instance one of _current.
contract Leases is ILeases, Delegations, EIP712 {
    using LeaseRules for Lease;
    using LeaseRules for Report;
    using SafeCast for uint256;

    mapping(LeaseId id => Lease) private _leases;
    mapping(LeaseId id => Report) private _reports;
    mapping(bytes32 key => LeaseId) private _current;

    constructor(IERC20 token_) Vault(token_) EIP712("Artel", "1") {}

    /// @inheritdoc ILeases
    function open(Terms calldata terms, uint128 amount, bytes calldata signature)
        external
        nonReentrant
        returns (LeaseId id)
    {
        uint40 time = _now();
        _checkBid(terms, amount);
        bytes32 key = LeaseHash.ofKey(terms.tenant, terms.deployment, terms.instance);
        LeaseId previous = _checkSuccession(key, terms);
        if (msg.sender != terms.tenant) _spend(terms, amount, true);
        id = LeaseHash.ofTerms(terms);
        require(_signedByHost(terms.host, LeaseId.unwrap(id), signature), BadSignature());
        _debit(terms.tenant, amount);
        _debit(terms.host, terms.bond);
        if (terms.epoch > 1) _supersede(previous, time);
        _current[key] = id;
        _leases[id] = Lease({
            deposit: uint256(amount).toUint96(),
            opened: time,
            ack: time,
            ended: 0,
            epoch: uint256(terms.epoch).toUint32(),
            status: Status.Running,
            extra: 0,
            bondLeft: uint256(terms.bond).toUint96(),
            quit: false
        });
        emit Opened(id, terms.tenant, terms.host, terms, amount, time);
    }

    /// @inheritdoc ILeases
    function topUp(Terms calldata terms, uint128 amount) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(found.statusAt(terms, _now()) == Status.Running, WrongStatus());
        uint256 total = uint256(found.deposit) + amount;
        require(total <= type(uint96).max, OutOfRange());
        address payer = msg.sender;
        if (payer != terms.tenant && _isDelegate(terms, payer)) {
            _spend(terms, amount, false);
            payer = terms.tenant;
        }
        _debit(payer, amount);
        _leases[id].deposit = total.toUint96();
        emit ToppedUp(id, msg.sender, amount);
    }

    /// @inheritdoc ILeases
    function claim(Terms calldata terms, uint40 until, uint128 extra, bytes calldata signature) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(_signedByTenant(terms, LeaseHash.ofReceipt(id, until, extra), signature), BadSignature());
        require(found.status != Status.Settled, WrongStatus());
        require(until <= found.endOf(terms, _now()), UntilAfterEnd());
        _advance(id, terms, found, until, extra);
        if (found.status == Status.Reported) {
            Report memory filed = _reports[id];
            if (until > filed.reported) _dismiss(id, terms, found, filed);
        }
        _leases[id] = found;
    }

    /// @inheritdoc ILeases
    function claimSilent(Terms calldata terms) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(found.status != Status.Settled && found.status != Status.Reported, WrongStatus());
        uint40 time = _now();
        uint256 matured = Math.saturatingSub(time, terms.window);
        _advance(id, terms, found, Math.min(found.endOf(terms, time), matured).toUint40(), 0);
        _leases[id] = found;
    }

    /// @inheritdoc ILeases
    function close(Terms calldata terms) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(_isParty(terms, msg.sender), NotParty());
        require(found.status != Status.Settled && found.status != Status.Reported, WrongStatus());
        uint40 ack = found.conceded(terms, _now());
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, found, ack, true);
        emit Closed(id, msg.sender, ack, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function quit(Terms calldata terms) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(_speaksFor(msg.sender, terms.host), NotHost());
        uint40 time = _now();
        Status status = found.statusAt(terms, time);
        require(status == Status.Running || status == Status.Reported, WrongStatus());
        if (status == Status.Reported) _answer(id, terms, found, _reports[id]);
        uint256 fee = 0;
        if (found.ended == 0) {
            if (time < found.exhausted(terms)) {
                found.quit = true;
                if (time < terms.committed) fee = terms.quitFee;
            }
            found.ended = time;
        }
        found.status = Status.Ended;
        found.bondLeft -= fee.toUint96();
        _leases[id] = found;
        _credit(terms.tenant, fee);
        emit Quit(id, found.ended, fee);
    }

    /// @inheritdoc ILeases
    function report(Terms calldata terms) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(_isParty(terms, msg.sender), NotParty());
        require(found.status != Status.Settled && found.status != Status.Reported, WrongStatus());
        uint40 time = _now();
        uint40 end = found.endOf(terms, time);
        // From `end + window` on the tail is due to the host: a late report must not take its bond.
        bool tailDue = found.statusAt(terms, time) == Status.Ended && time >= uint256(end) + terms.window;
        require(found.ack < end && !tailDue, NothingToReport());
        require(time >= uint256(found.ack) + terms.silence, NotSilent());
        _debit(msg.sender, terms.reportFee);
        _leases[id].status = Status.Reported;
        _reports[id] = Report({reported: time, blockNumber: block.number.toUint40(), by: msg.sender});
        emit Reported(id, msg.sender, time);
    }

    /// @inheritdoc ILeases
    function answer(Terms calldata terms, bytes calldata signature) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(found.status == Status.Reported, WrongStatus());
        Report memory filed = _reports[id];
        require(!filed.answerOverdue(terms), AnswerTooLate());
        require(
            _speaksFor(msg.sender, terms.host)
                || _signedByHost(terms.host, LeaseHash.ofAnswer(id, filed.reported), signature),
            BadSignature()
        );
        _answer(id, terms, found, filed);
        _leases[id] = found;
    }

    /// @inheritdoc ILeases
    function resolve(Terms calldata terms) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        require(found.status == Status.Reported, WrongStatus());
        Report memory filed = _reports[id];
        require(filed.answerOverdue(terms), AnswerDue());
        uint256 known = Math.min(filed.reported, found.endOf(terms, _now()));
        uint40 ack = Math.max(found.ack, Math.saturatingSub(known, terms.window)).toUint40();
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, found, ack, false);
        emit Resolved(id, false, ack, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function resolveAbsent(
        Terms calldata terms,
        uint40 from,
        uint256 quorum,
        address[] calldata observers,
        bytes[] calldata signatures
    ) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        _checkQuorum(terms.observers, LeaseHash.ofAbsence(id, from), quorum, observers, signatures);
        require(found.status != Status.Settled, WrongStatus());
        require(from >= found.opened && from < found.endOf(terms, _now()), OutsideLease());
        uint40 ack = from > found.ack ? from : found.ack;
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, found, ack, false);
        emit Resolved(id, true, ack, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function settle(Terms calldata terms) external nonReentrant {
        (LeaseId id, Lease memory found) = _find(terms);
        uint40 time = _now();
        require(found.statusAt(terms, time) == Status.Ended, WrongStatus());
        uint40 end = found.endOf(terms, time);
        require(found.ack >= end || time >= uint256(end) + terms.window, TailPending());
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, found, end, true);
        emit Settled(id, end, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function claimBatch(Claim[] calldata items) external {
        for (uint256 i = 0; i < items.length; ++i) {
            Claim calldata item = items[i];
            try this.claim(item.terms, item.until, item.extra, item.signature) {}
            catch (bytes memory reason) {
                emit Skipped(LeaseHash.ofTerms(item.terms), _selectorOf(reason));
            }
        }
    }

    /// @inheritdoc ILeases
    function settleBatch(Terms[] calldata items) external {
        for (uint256 i = 0; i < items.length; ++i) {
            try this.settle(items[i]) {}
            catch (bytes memory reason) {
                emit Skipped(LeaseHash.ofTerms(items[i]), _selectorOf(reason));
            }
        }
    }

    /// @inheritdoc ILeases
    function lease(LeaseId id) external view returns (Lease memory) {
        return _leases[id];
    }

    /// @inheritdoc ILeases
    function reportOf(LeaseId id) external view returns (Report memory) {
        return _reports[id];
    }

    /// @inheritdoc ILeases
    function current(address tenant, bytes32 deployment, bytes32 instance) external view returns (LeaseId) {
        return _current[LeaseHash.ofKey(tenant, deployment, instance)];
    }

    /// @inheritdoc ILeases
    function statusOf(Terms calldata terms) external view returns (Status status, uint40 end, uint256 paid) {
        (, Lease memory found) = _find(terms);
        uint40 time = _now();
        return (found.statusAt(terms, time), found.endOf(terms, time), found.paid(terms));
    }

    /// @inheritdoc ILeases
    function leaseId(Terms calldata terms) external pure returns (LeaseId) {
        return LeaseHash.ofTerms(terms);
    }

    /// @dev A superseded lease stops earning now; what it owes up to here stays claimable.
    function _supersede(LeaseId previous, uint40 time) private {
        Lease storage stored = _leases[previous];
        if (stored.ended != 0) return;
        stored.ended = time;
        if (stored.status == Status.Running) stored.status = Status.Ended;
    }

    /// @dev Moves payment forward and pays the host the difference; the caller stores the lease.
    function _advance(LeaseId id, Terms calldata terms, Lease memory found, uint40 until, uint128 extra) private {
        uint256 before = found.paid(terms);
        uint256 capped = Math.min(extra, terms.extraMax);
        if (until > found.ack) found.ack = until;
        if (capped > found.extra) found.extra = capped.toUint96();
        uint256 amount = found.paid(terms) - before;
        _credit(terms.host, amount);
        emit Claimed(id, found.ack, found.extra, amount);
    }

    /// @dev Pays the host through the report and ends it; the caller stores the lease.
    function _answer(LeaseId id, Terms calldata terms, Lease memory found, Report memory filed) private {
        uint40 end = found.endOf(terms, _now());
        _advance(id, terms, found, filed.reported < end ? filed.reported : end, 0);
        _dismiss(id, terms, found, filed);
    }

    /// @dev Ends an open report in the host's favour; the caller stores the lease.
    function _dismiss(LeaseId id, Terms calldata terms, Lease memory found, Report memory filed) private {
        found.status = found.ended == 0 ? Status.Running : Status.Ended;
        _credit(terms.host, terms.reportFee);
        emit Answered(id, filed.reported, terms.reportFee);
    }

    /// @dev Divides all that escrow holds of a lease and stores it as settled.
    function _settle(LeaseId id, Terms calldata terms, Lease memory found, uint40 ack, bool bondToHost)
        private
        returns (uint256 toHost, uint256 toTenant)
    {
        uint256 due = found.owed(terms, ack, found.extra);
        toHost = due - found.paid(terms);
        toTenant = found.deposit - due;
        if (bondToHost) toHost += found.bondLeft;
        else toTenant += found.bondLeft;
        if (found.status == Status.Reported) _credit(_reports[id].by, terms.reportFee);
        found.status = Status.Settled;
        found.ack = ack;
        found.bondLeft = 0;
        if (found.ended == 0) found.ended = _now();
        _leases[id] = found;
        _credit(terms.host, toHost);
        _credit(terms.tenant, toTenant);
    }

    function _find(Terms calldata terms) private view returns (LeaseId id, Lease memory found) {
        id = LeaseHash.ofTerms(terms);
        found = _leases[id];
        require(found.status != Status.None, UnknownLease());
    }

    function _checkBid(Terms calldata terms, uint128 amount) private view {
        uint256 widest = Math.max(Math.max(amount, terms.bond), terms.reportFee);
        require(widest <= type(uint96).max && terms.epoch <= type(uint32).max, OutOfRange());
        require(amount >= terms.extraMax + terms.rate.costUp(terms.minimum), DepositTooSmall());
        require(terms.bond >= terms.quitFee, BondTooSmall());
        require(!terms.rate.isZero() || terms.committed > block.timestamp, CommitmentTooShort());
        require(block.timestamp <= terms.bidExpiry, BidExpired());
    }

    function _checkSuccession(bytes32 key, Terms calldata terms) private view returns (LeaseId previous) {
        previous = _current[key];
        require(terms.previous == previous && terms.epoch == uint256(_leases[previous].epoch) + 1, NotSuccessor());
    }

    function _checkQuorum(
        bytes32 committed,
        bytes32 structHash,
        uint256 quorum,
        address[] calldata observers,
        bytes[] calldata signatures
    ) private view {
        require(signatures.length == observers.length, WrongObservers());
        require(quorum > 0 && quorum <= observers.length, WrongObservers());
        require(LeaseHash.ofObservers(quorum, observers) == committed, WrongObservers());
        bytes32 digest = _hashTypedDataV4(structHash);
        uint256 agreeing = 0;
        for (uint256 i = 0; i < observers.length; ++i) {
            require(i == 0 || observers[i - 1] < observers[i], WrongObservers());
            if (signatures[i].length == 0) continue;
            address signer = _signerOf(digest, signatures[i]);
            bool signed = signer != address(0) && signer == observers[i];
            if (signed || _accepts(observers[i], digest, signatures[i])) ++agreeing;
        }
        require(agreeing >= quorum, QuorumMissing());
    }

    function _signedByHost(address host, bytes32 structHash, bytes calldata signature) private view returns (bool) {
        bytes32 digest = _hashTypedDataV4(structHash);
        address signer = _signerOf(digest, signature);
        return (signer != address(0) && _speaksFor(signer, host)) || _accepts(host, digest, signature);
    }

    function _signedByTenant(Terms calldata terms, bytes32 structHash, bytes calldata signature)
        private
        view
        returns (bool)
    {
        bytes32 digest = _hashTypedDataV4(structHash);
        address signer = _signerOf(digest, signature);
        if (signer != address(0) && (signer == terms.signer || signer == terms.tenant)) return true;
        return _accepts(terms.signer, digest, signature) || _accepts(terms.tenant, digest, signature);
    }

    /// @dev ERC-1271, for accounts that are contracts.
    function _accepts(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        return
            account.code.length > 0 && SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }

    /// @dev The account of an ECDSA signature with low s, or 0 when it is none.
    function _signerOf(bytes32 digest, bytes calldata signature) private pure returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }

    /// @dev The selector of an error, 0 when there is none (out of gas).
    function _selectorOf(bytes memory reason) private pure returns (bytes4) {
        // casting to 'bytes4' is safe because the arguments of an error are meant to be cut off
        // forge-lint: disable-next-line(unsafe-typecast)
        return bytes4(reason);
    }

    function _now() private view returns (uint40) {
        return block.timestamp.toUint40();
    }
}
