"""Kinds of objects: classes of ImageNet (ILSVRC 2012, in the order of their WordNet ids) put into groups that a person would name alike.

Made by hand. A class that no group fits belongs to no kind.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

CLASSES = 1000

TABLE: dict[str, str] = {
    "fish": "0-6 389-397",
    "bird": "7-24 80-100 127-146",
    "frog or salamander": "25-32",
    "turtle": "33-37",
    "lizard or crocodile": "38-51",
    "snake": "52-68",
    "spider or scorpion": "70-78",
    "insect": "79 300-326",
    "marsupial or monotreme": "102-106",
    "shell, snail or slug": "112-117",
    "sea creature": "107-110 327-329 973",
    "crab or lobster": "118-126",
    "sea mammal": "147-150",
    "dog": "151-268",
    "wolf or fox": "269-280",
    "cat": "281-285",
    "big cat": "286-293",
    "bear or panda": "294-297 387-388",
    "weasel or mongoose": "298-299 356-362",
    "rabbit or rodent": "330-338",
    "horse or zebra": "339-340",
    "pig": "341-343",
    "elephant or hippopotamus": "101 344 385-386",
    "cattle, sheep, antelope or camel": "345-355",
    "monkey or ape": "365-384",
    "person": "981-983",
    "road vehicle": (
        "407-408 436 468 511 555 569 573 575 586 609 627 654 656 660-661 675 717 734 751 757 779 803 817 847 864 867 874"
    ),
    "work machine": "517 561 595 730 856 866",
    "cycle": "444 665 670-671 870 880",
    "cart or sled": "428 537 603 612 690",
    "train or tram": "466 547 565 705 820 829",
    "boat or ship": "403 472 484 510 554 576 625 628 694 724 780 814 833 871 913-914",
    "aircraft": "404-405 417 701 812 895 908",
    "musical instrument": (
        "401-402 420 432 486 494 513 541-542 546 558 566 577 579 593-594 641-642 683-684 687 699 776 822 875 881 889"
    ),
    "hat, helmet or mask": "433 439 452 515 518 560 570 643 667 715 793 796 808",
    "footwear": "496 502 514 630 770 774 806",
    "clothing": (
        "399-400 411 443 445 451 457 459 461 465 474 490 501 524 529 552 568 578 601 608 610 614 617 638-639 652 655 658"
        " 689 697 735 775 834 841-842 869 887 906"
    ),
    "bag or purse": "414 636 728 748 893",
    "furniture": "423 431 453 492-493 495 516 520 526 532 553 559 564 703 736 765 831 857 861 894",
    "prepared food": "924-935 959-965",
    "vegetable": "936-946 987 998",
    "fruit": "948-957",
    "mushroom": "947 991-997",
    "flower or berry": "984-986 988-990",
    "bottle": "440 585 631 711 720 737 804 838 898-899 901 907",
    "cup, pot or bowl": "438 441 463 469 503-505 521 544 567 572 647 653 659 725 738 809 849 883 909 966-969",
    "ball": "429-430 522 574 722 746 768 805 852 890",
    "building": "425 437 442 449 483 497-498 500 538 580 649 663 668 682 698 727 743 832 853 858 873 900 915",
    "shop or interior": "406 415 424 454 467 509 582 598 624 762 788 819 854 860 865",
    "bridge, dam or pier": "460 525 536 718 821 839 888",
    "landscape": "970 972 974-980",
    "electronic device": (
        "482 485 487 508 527-528 590 592 605 613 620 632 662 664 673 688 707 713 732 742 745 754 759 761 782 810 848 851 872"
        " 878"
    ),
    "clock or dial": "409 426 530-531 604 635 685 778 826 835 892",
    "weapon": "413 456 471 597 657 744 763-764 777 787",
    "hand tool": "462 473 477 499 512 587 596 600 618 623 677 714 731 740 772 783-784 792 813 845 910",
    "pen or writing tool": "418 563 696 709-710 749 767 769",
    "household appliance": "534 545 550 589 606 651 753 760 766 786 811 827 859 882 891 897",
    "lamp or light": "470 607 619 626 644 818 846 862",
    "sign or post": "637 704 919-920",
    "fence, window or wall": "421 489 556 581 716 789 794 799 825 904-905 912",
    "printed matter": "446 549 681 916-918 921-922",
    "sports gear": "416 422 450 543 602 702 747 752 795 801-802",
}
"""Kind -> indices of classes, from 0, single and in ranges."""

KINDS: tuple[str, ...] = tuple(TABLE)


def indices(text: str) -> list[int]:
    """The numbers of e.g. "7-9 12"."""
    found: list[int] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


@cache
def kind_of_class() -> npt.NDArray[np.int16]:
    """For each class the index of its kind in `KINDS`, or -1.

    Raises:
        ValueError: a class stands in two kinds, or is none.
    """
    found = np.full(CLASSES, -1, np.int16)
    for number, (kind, text) in enumerate(TABLE.items()):
        for index in indices(text):
            if not 0 <= index < CLASSES or found[index] >= 0:
                raise ValueError(f"class {index} of {kind!r} is no class or has a kind already")
            found[index] = number
    return found


def of_classes(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sums over the classes of each kind.

    Args:
        probabilities: (1000,), of the classes.

    Returns:
        (kinds,): the rest to 1 belongs to no kind.
    """
    kinds = kind_of_class()
    known = kinds >= 0
    return np.bincount(kinds[known], probabilities[known], minlength=len(KINDS)).astype(np.float64)


def class_of_name(name: str, wnids: dict[str, int]) -> int | None:
    """Index of the class that a file such as n02119022_red_fox.JPEG is named for; None: of none."""
    return wnids.get(name.partition("_")[0])
