// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token without value for local and test networks: everybody may mint.
contract TestToken is ERC20 {
    /// @notice The most that one call mints: 10,000 tokens.
    uint256 public constant MINT_MAX = 10_000e6;

    /// @notice More than `MINT_MAX` in one call.
    error MintTooLarge();

    constructor() ERC20("Artel Test Dollar", "tUSD") {}

    /// @notice Makes `amount` new base units for `to`.
    function mint(address to, uint256 amount) external {
        require(amount <= MINT_MAX, MintTooLarge());
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
