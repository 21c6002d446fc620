// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Leases} from "../src/Leases.sol";
import {TestToken} from "../src/TestToken.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev A token that keeps one unit of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0), 1);
    }
}

contract VaultTest is Fixture {
    function testFuzz_DepositMovesTokensIntoTheBalance(uint256 amount) public {
        amount = _within(amount, 0, token.MINT_MAX());
        address account = address(0xACC);
        VM.expectEmit();
        emit IVault.Deposited(outsider, 0);
        VM.prank(outsider);
        leases.deposit(0);
        uint256 before = token.balanceOf(address(leases));
        _fund(account, amount);
        _equal(leases.balance(account), amount, "balance");
        _equal(token.balanceOf(address(leases)) - before, amount, "tokens");
    }

    function testFuzz_DepositOfATokenThatTakesAFeeIsRefused(uint64 amount) public {
        VM.assume(amount > 0);
        FeeToken taking = new FeeToken();
        Leases vault = new Leases(taking);
        taking.mint(address(this), amount);
        taking.approve(address(vault), amount);
        VM.expectRevert(IVault.InexactDeposit.selector);
        vault.deposit(amount);
    }

    function testFuzz_WithdrawMovesTokensOut(uint256 amount, address to) public {
        amount = _within(amount, 0, ENDOWMENT);
        VM.assume(to != address(0) && to != address(leases));
        uint256 before = token.balanceOf(to);
        VM.expectEmit();
        emit IVault.Withdrawn(tenant, to, amount);
        VM.prank(tenant);
        leases.withdraw(to, amount);
        _equal(leases.balance(tenant), ENDOWMENT - amount, "balance");
        _equal(token.balanceOf(to) - before, amount, "tokens");
    }

    function testFuzz_WithdrawOfMoreThanTheBalanceIsRefused(uint256 excess) public {
        uint256 amount = _within(excess, ENDOWMENT + 1, type(uint256).max);
        VM.expectRevert(abi.encodeWithSelector(IVault.InsufficientBalance.selector, tenant));
        VM.prank(tenant);
        leases.withdraw(tenant, amount);
    }

    function testFuzz_AnOperatorIsSetForTheCallerOnly(address account, address key, bool allowed) public {
        VM.expectEmit();
        emit IVault.OperatorSet(account, key, allowed);
        VM.prank(account);
        leases.setOperator(key, allowed);
        _holds(leases.isOperator(account, key) == allowed, "operator");
        _holds(account == tenant || !leases.isOperator(tenant, key), "of another account");
    }

    function testFuzz_TheTestTokenMintsUpToItsLimit(address to, uint256 amount) public {
        VM.assume(to != address(0));
        uint256 most = token.MINT_MAX();
        uint256 before = token.balanceOf(to);
        if (amount > most) VM.expectRevert(TestToken.MintTooLarge.selector);
        token.mint(to, amount);
        _equal(token.balanceOf(to) - before, amount > most ? 0 : amount, "minted");
        _equal(token.decimals(), 6, "decimals");
    }
}
